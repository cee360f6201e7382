/** Power of a processor under load, in watts, where nothing is measured and `MEDBENCH_WATTS` says nothing: a desktop's. */
export const ASSUMED_WATTS = 65;
