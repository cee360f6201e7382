/**
 * Assumed power of a processor under load, in watts: that of a desktop. It is used if the power cannot be measured and
 * `MEDBENCH_WATTS` is not set.
 */
export const ASSUMED_WATTS = 65;
