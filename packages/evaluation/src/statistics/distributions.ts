import jstat from 'jstat';

const { studentt, centralF, tukey } = jstat.jStat;

/** Two-sided p of Student's t. */
export const studentP = (t: number, df: number): number => Math.min(1, 2 * studentt.cdf(-Math.abs(t), df));

/** Half the width of a 95 % interval by Student's t, in standard errors. */
export const studentQuantile = (df: number): number => studentt.inv(0.975, df);

/** Upper tail of the F distribution. */
export const fisherP = (f: number, df1: number, df2: number): number => 1 - centralF.cdf(f, df1, df2);

/** Nemenyi's q: the 95 % point of the range of `k` standard normals, divided by √2 (Demšar 2006, table 5a). */
export const nemenyiQuantile = (k: number): number => tukey.inv(0.95, k, Number.POSITIVE_INFINITY) / Math.SQRT2;
