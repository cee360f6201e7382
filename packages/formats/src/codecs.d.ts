/** The members used here of codecs that come without types. */
interface Codec {
  getEncodedBuffer(bytes: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
}

declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const factory: (options: {
    print(text: string): void;
    printErr(text: string): void;
  }) => Promise<{ J2KDecoder: new () => Codec }>;
  export default factory;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const factory: (options: {
    print(text: string): void;
    printErr(text: string): void;
  }) => Promise<{ JpegLSDecoder: new () => Codec }>;
  export default factory;
}

declare module 'jpeg-lossless-decoder-js' {
  export class Decoder {
    /** @returns the samples of 8 or 16 bits. */
    decode(buffer: ArrayBuffer, offset: number, length: number, bytesPerSample?: number): Uint8Array | Uint16Array;
  }
}
