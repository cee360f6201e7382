import { describe, expect, it } from 'vitest';
import { escapeControls, printable, withoutCredentials } from './clean-text.js';
import { errorMessage, MedbenchError } from './errors.js';

const HOSTILE = 'x\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e…\n[info] all fine/../y';

describe('printable', () => {
  it('leaves one line without anything that a terminal obeys', () => {
    expect(printable(HOSTILE)).toBe('x\\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u202e… [info] all fine/../y');
    expect(printable('a\r\n\t b\u2028c')).toBe('a b c');
  });

  it('keeps all other text, in any script', () => {
    for (const text of ['Größe 漢字 עברית 👩‍⚕️ é', '{"a": 1}', 'C:\\data\\x']) expect(printable(text)).toBe(text);
  });
});

describe('escapeControls', () => {
  it('keeps tabs and line breaks', () => expect(escapeControls('a\tb\r\nc\u0000')).toBe('a\tb\r\nc\\u0000'));
});

describe('withoutCredentials', () => {
  it.each([
    ['http://user:SECRET@host:9/x?y=1', 'http://…@host:9/x?y=1'],
    ['https://SECRET@host', 'https://…@host'],
    ['see https://a:SE%40CRET@h/ and ftp://b:SECRET@i', 'see https://…@h/ and ftp://…@i'],
    ['https://h/f?X-Amz-Signature=SECRET&Expires=3', 'https://h/f?X-Amz-Signature=…&Expires=3'],
    ['(https://h/f?access_token=SECRET)', '(https://h/f?access_token=…)'],
  ])('shortens %s', (text, expected) => expect(withoutCredentials(text)).toBe(expected));

  it.each(['https://host/@scope/name', 'mail@host', 'owner/name@main', 'a://b?c=d', 'x@y://z'])('keeps %s', (text) =>
    expect(withoutCredentials(text)).toBe(text),
  );
});

describe('errors', () => {
  it('hold neither control characters nor credentials in message and hint', () => {
    const error = new MedbenchError('data', `${HOSTILE} http://u:SECRET@h`, { hint: `\u001b[2J http://u:SECRET@h` });
    expect(error.message).toBe(`${printable(HOSTILE)} http://…@h`);
    expect(error.hint).toBe('\\u001b[2J http://…@h');
    expect(errorMessage(new Error('Request to http://u:SECRET@h failed'))).toBe('Request to http://…@h failed');
  });
});
