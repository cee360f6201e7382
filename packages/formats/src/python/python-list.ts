import { MedbenchError } from '@medbench/core';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/**
 * Parses the literal of a Python list of texts, such as `['Mass', "Skin Retraction"]`, as tables of annotations hold
 * them. Nothing is evaluated.
 * @param place Name of the text in messages, which never quote the text.
 * @throws MedbenchError('data') naming the place for anything else.
 */
export function parsePythonList(text: string, place: string): string[] {
  const fault = (): MedbenchError =>
    new MedbenchError('data', `${place} holds no list of texts as Python writes it (['a', 'b'])`, {
      hint: 'Mend the row, or leave bad rows out with --skip-bad.',
    });
  const token = /\s*(?:(['"])((?:\\.|(?!\1)[^\\\n])*)\1|([[\],]))/y;
  const next = (): { readonly text?: string; readonly sign?: string } | undefined => {
    const match = token.exec(text);
    if (!match) return undefined;
    if (match[3] !== undefined) return { sign: match[3] };
    return { text: unescaped(match[2]!, fault) };
  };
  if (next()?.sign !== '[') throw fault();
  const items: string[] = [];
  for (let expected: 'item' | 'comma' = 'item'; ; ) {
    const piece = next();
    if (piece?.sign === ']') break;
    if (expected === 'item' && piece?.text !== undefined) {
      items.push(piece.text);
      expected = 'comma';
    } else if (expected === 'comma' && piece?.sign === ',') expected = 'item';
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
