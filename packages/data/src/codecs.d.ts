/** The members used here of codecs that come without types. */
interface Codec {
  getEncodedBuffer(bytes: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  decode(): void;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };
}

declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const factory: (options: { print(text: string): void; printErr(text: string): void }) => Promise<{
    JPEGDecoder: new () => Codec;
  }>;
  export default factory;
}
