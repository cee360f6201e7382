/** Names how a task is measured, such as `zero-shot`: the id of a `Protocol`. */
export type ProtocolId = string;

/** What a task's data are: `classification`, `retrieval`, `vqa`, or what the protocols of another author measure. */
export type TaskKind = 'classification' | 'retrieval' | 'vqa' | (string & {});
