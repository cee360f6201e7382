import Table from 'cli-table3';

type Alignment = 'left' | 'right';

const BORDERS =
  'top,top-mid,top-left,top-right,bottom,bottom-mid,bottom-left,bottom-right,left,left-mid,mid,mid-mid,right,right-mid,middle'.split(
    ',',
  );

/** A terminal table without borders: the heads of its columns with their alignment, and its lines. */
export function plainTable(
  columns: readonly (readonly [head: string, alignment: Alignment])[],
  lines: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({
    head: columns.map(([head]) => head),
    style: { head: [], border: [], compact: true },
    colAligns: columns.map(([, alignment]) => alignment),
    chars: Object.fromEntries(BORDERS.map((name) => [name, ''])),
  });
  for (const line of lines) table.push([...line]);
  return table.toString().replaceAll(/ +$/gm, '');
}
