/** Frames of TensorFlow.js, in an install by npm or pnpm. */
const TENSORFLOW = /@tensorflow[/+\\]/;
const LOCATION = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/;

/**
 * Where a TensorFlow.js op was called: the first frame beyond TensorFlow.js's own in the present stack, as
 * `file:line:column`, or undefined if there is none.
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

/** Stacks of gradients are deep; the default of ten frames would end before the caller. */
export function withDeepStacks<T>(run: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}
