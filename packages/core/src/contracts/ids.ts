/** Id of a `Protocol`, such as `zero-shot`. */
export type ProtocolId = string;

/** Kind of a task's data: `classification`, `multi-label`, `retrieval`, `vqa`, or a kind that a plugin's protocols define. */
export type TaskKind = 'classification' | 'multi-label' | 'retrieval' | 'vqa' | (string & {});
