import type { pushModel as PushModel } from './model.js';
import type { pushResults as PushResults } from './results.js';

export type { PushModelOptions } from './model.js';
export type { OutgoingFile, Pushed, PushOptions } from './outgoing.js';
export type { PushResultsOptions } from './results.js';

// The modules load when something is pushed: they need the report, whose plots are a quarter of the start of a command.

/**
 * Pushes the weights of a row in open_clip's layout, with a card and the figures of the run, to a model on the hub or into
 * a folder.
 * @throws MedbenchError('usage') for weights that the run does not have, data whose terms may forbid it, or no token;
 *   others as `exportRow` and `sendOutgoing`.
 */
export const pushModel: typeof PushModel = async (dir, options) => (await import('./model.js')).pushModel(dir, options);

/**
 * Pushes the results of a run to a data set on the hub or into a folder: figures, scores of each test example, splits and
 * prompts. Of data under an agreement, only scores go out; no image, no text and no path of this machine ever does.
 * @throws MedbenchError('usage') if the folder is not that of a run, or without a token; ('data') if splits cannot be
 *   read; others as `sendOutgoing`.
 */
export const pushResults: typeof PushResults = async (dir, options) =>
  (await import('./results.js')).pushResults(dir, options);
