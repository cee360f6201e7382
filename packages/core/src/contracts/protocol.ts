/** How a task is measured. */
export type Protocol = 'zero-shot' | 'linear-probe' | 'retrieval' | 'vqa';
