/** A unit of work: a row under a seed. One process trains it and measures it on all its tasks. */
export interface Unit {
  readonly row: string;
  readonly seed: number;
}

/** Id of the unit that compares the rows and writes the table and the report. It needs all others. */
export const GATHER = 'gather';

/** Returns the id of a unit, which no other unit of any run has: a row may have colons, but a seed has none. */
export const unitId = ({ row, seed }: Unit): string => `${row}:${seed}`;
