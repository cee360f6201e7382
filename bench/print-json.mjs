/**
 * Prints the last line of a bench as JSON. Readers of that line know the field `contender` by its former name,
 * `engine`.
 */
export const printJson = (value) => console.log(JSON.stringify(value).replaceAll('"contender":', '"engine":'));
