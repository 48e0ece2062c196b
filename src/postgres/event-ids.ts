/** Identity of audit events: derived from what they are about, never random, so that a repeated step writes the same ids. */
import { v5 } from 'uuid';

/** The id of an event that a step wrote. */
export const eventId = (uid: string, step: number, type: string, ordinal: number): string =>
  v5(`${String(step)}/${type}/${String(ordinal)}`, uid);

/** The id of an event outside of steps: `scope` is the uid it is about, `name` what tells it from its siblings there. */
export const sideEventId = (scope: string, name: string): string => v5(name, scope);
