/** The part of jstat that is used here. jstat ships no types. */
declare module 'jstat' {
  const module: {
    readonly jStat: {
      readonly studentt: { cdf(x: number, df: number): number; inv(p: number, df: number): number };
      readonly centralF: { cdf(x: number, df1: number, df2: number): number };
      readonly tukey: { inv(p: number, groups: number, df: number): number };
    };
  };
  export default module;
}
