import { MedbenchError } from '@medbench/core';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/**
 * Reads the literal of a Python list of texts, such as `['Mass', "Skin Retraction"]`, as tables of annotations hold them.
 * Nothing is evaluated.
 * @param place What messages call the text; they never quote it.
 * @throws MedbenchError('data') naming the place for anything else.
 */
export function parsePythonList(text: string, place: string): string[] {
  const fault = (): MedbenchError =>
    new MedbenchError('data', `${place} holds no list of texts as Python writes it (['a', 'b'])`, {
      hint: 'Mend the row, or leave bad rows out with --skip-bad.',
    });
  const token = /\s*(?:(['"])((?:\\.|(?!\1)[^\\\n])*)\1|([[\],]))/y;
  const next = (): { readonly text?: string; readonly sign?: string } | undefined => {
    const found = token.exec(text);
    if (!found) return undefined;
    if (found[3] !== undefined) return { sign: found[3] };
    return { text: unescaped(found[2]!, fault) };
  };
  if (next()?.sign !== '[') throw fault();
  const items: string[] = [];
  for (let expected: 'item' | 'comma' = 'item'; ; ) {
    const found = next();
    if (found?.sign === ']') break;
    if (expected === 'item' && found?.text !== undefined) {
      items.push(found.text);
      expected = 'comma';
    } else if (expected === 'comma' && found?.sign === ',') expected = 'item';
    else throw fault();
  }
  if (text.slice(token.lastIndex).trim() !== '') throw fault();
  return items;
}

function unescaped(text: string, fault: () => MedbenchError): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/gi, (_, byte, unit, sign) => {
    if (byte !== undefined || unit !== undefined) return String.fromCharCode(Number.parseInt(byte ?? unit, 16));
    const plain = ESCAPES[sign as string];
    if (plain === undefined) throw fault();
    return plain;
  });
}
