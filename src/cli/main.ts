#!/usr/bin/env node
/** The command `rrctl`. */
import { openDependencies } from './dependencies.ts';
import { findPlaces, globalOptions } from './places.ts';
import { runProgram } from './program.ts';

const now = (): number => Date.now();

process.exitCode = await runProgram(process.argv.slice(2), {
  out: (text) => {
    console.log(text);
  },
  err: (text) => {
    console.error(text);
  },
  now,
  open: (options) => openDependencies(() => findPlaces(globalOptions(options), process.env), now),
});
