import type { TrackedUnit } from '@medbench/core';

/** Most characters of a name, of a value of a parameter, and of a tag. Old servers take no more of a parameter. */
const MOST = { name: 250, parameter: 500, tag: 5000 } as const;

/** A name as MLflow allows it for metrics and parameters: letters, digits and `_-. /`. */
export const allowedName = (name: string): string => name.replace(/[^\w\-. /]/g, '_').slice(0, MOST.name);

export const parameterValue = (value: string | number | boolean): string => String(value).slice(0, MOST.parameter);
export const tagValue = (value: string): string => value.slice(0, MOST.tag);

/** Tag by which the MLflow run of a unit is found again. */
export const UNIT_TAG = 'medbench.unit';

/** Value of that tag: nobody else has it. */
export const unitTag = (runId: string, { name }: TrackedUnit): string => `${runId} ${name}`;
