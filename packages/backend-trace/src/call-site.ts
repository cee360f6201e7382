/** Matches stack frames of TensorFlow.js, installed by npm or pnpm. */
const TENSORFLOW = /@tensorflow[/+\\]/;
/** Matches the location at the end of a stack frame. */
const LOCATION = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/;

/**
 * Finds the line that called the current TensorFlow.js op.
 * @returns the first stack frame outside TensorFlow.js as `file:line:column`, or undefined if there is none.
 */
export function callSite(): string | undefined {
  const frames = (new Error('here').stack ?? '').split('\n').slice(1);
  const firstTensorFlow = frames.findIndex((frame) => TENSORFLOW.test(frame));
  if (firstTensorFlow < 0) return undefined;
  const caller = frames
    .slice(firstTensorFlow)
    .find((frame) => !TENSORFLOW.test(frame) && !frame.includes('<anonymous>'));
  return caller && LOCATION.exec(caller.trim())?.[1];
}

/** Runs a function with long stack traces: the default of ten frames ends before the caller of a gradient. */
export function withDeepStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
