/** Lines of a group of a Parquet file: few enough for a reader that decodes a group at once. */
const GROUP = 100_000;

/** Types of columns, as Parquet names them. */
type ColumnTypes = Readonly<Record<string, 'STRING' | 'BOOLEAN' | 'INT32' | 'DOUBLE'>>;

/** Encodes lines as a Parquet file. A null is an empty field. The same lines give the same bytes. */
export async function encodeTable<T extends ColumnTypes>(
  types: T,
  lines: Iterable<Readonly<Record<keyof T & string, string | number | boolean | null>>>,
): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columns = Object.entries(types).map(([name, type]) => ({
    name,
    type,
    data: [] as (string | number | boolean | null)[],
  }));
  for (const line of lines) for (const { name, data } of columns) data.push(line[name] ?? null);
  return new Uint8Array(
    parquetWriteBuffer({ columnData: columns, rowGroupSize: GROUP, createdBy: 'medbench', statistics: false }),
  );
}
