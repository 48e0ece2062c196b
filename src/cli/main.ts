#!/usr/bin/env node
/** The command `rrctl`. */
import { findPlaces, globalOptions } from './places.ts';
import { runProgram } from './program.ts';

const now = (): number => Date.now();

const code = await runProgram(process.argv.slice(2), {
  out: (text) => {
    console.log(text);
  },
  err: (text) => {
    console.error(text);
  },
  now,
  open: async (options) => {
    // Clients take their time to load; help, version and wrong usage need none.
    const { openDependencies } = await import('./dependencies.ts');
    const flags = globalOptions(options);
    return openDependencies({
      places: () => findPlaces(flags, process.env),
      up: async (input, io) => {
        // Only this command needs the worker, whose native part takes its time to load.
        const { runUp } = await import('./up/run.ts');
        return runUp({ ...flags, ...input, verbose: options['verbose'] === true }, process.env, io);
      },
      now,
    });
  },
});

// Whatever a library keeps open must not keep the command from ending.
process.exit(code);
