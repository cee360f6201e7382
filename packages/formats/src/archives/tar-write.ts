import { MedbenchError } from '@medbench/core';
import { BLOCK } from './tar.js';

/**
 * Encodes one member of a ustar archive: its header and its bytes, padded to whole blocks. Owner, time and permissions
 * are fixed, so that the same content gives the same archive. Write the members of a sample next to each other;
 * `tarEnd` ends the archive.
 * @throws MedbenchError('store') for a name of more than 100 bytes, or content of 8 GiB and more.
 */
export function tarMember(name: string, bytes: Uint8Array): Uint8Array {
  const nameBytes = Buffer.from(name);
  if (nameBytes.length > 100 || bytes.length >= 8 ** 11) {
    throw new MedbenchError('store', `"${name}" is too long or too large for a member of a tar file`);
  }
  const member = Buffer.alloc(BLOCK + Math.ceil(bytes.length / BLOCK) * BLOCK);
  nameBytes.copy(member);
  const octal = (value: number, offset: number, digits: number): void => {
    member.write(`${value.toString(8).padStart(digits, '0')}\0`, offset, 'latin1');
  };
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(bytes.length, 124, 11);
  octal(0, 136, 11);
  member.write('        0', 148, 'latin1');
  member.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of member.subarray(0, BLOCK)) sum += byte;
  octal(sum, 148, 6);
  member.set(bytes, BLOCK);
  return member;
}

/** The two empty blocks that end a tar archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}
