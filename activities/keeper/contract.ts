/** What the keeper's workflow may call. Types only. */

/** What a duty came to in one pass. */
export interface DutyReport {
  /** How many objects it did something about. */
  readonly done: number;
  /** How many did not work out; they are tried again. */
  readonly failed: number;
  /** Whether more is due than one call takes. */
  readonly isMore: boolean;
}

/** Each is bounded, may be repeated at any point, and does no harm when two keepers call it at once. */
export interface KeeperActivities {
  /** Looks at ended remediations that somebody has pointed at, or whose time has come, and does what is due there. */
  lookAfterEnded(): Promise<DutyReport>;
  /** Frees the targets of ended remediations whose execution is over, and wakes who waits for them. */
  freeTargets(): Promise<DutyReport>;
  /** Wakes waiters that nobody woke. */
  wakeWaiters(): Promise<DutyReport>;
  /** Starts workflows that should run and do not. */
  startWorkflows(): Promise<DutyReport>;
  /** Once a day: partitions of the trail ahead of time, and what is too old to matter. */
  tidyUp(): Promise<DutyReport>;
  /** Notes that the pass is over. */
  notePass(): Promise<void>;
}
