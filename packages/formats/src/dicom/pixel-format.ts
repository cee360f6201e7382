/** The layout of an image's samples, as its file declares it (PS3.3, C.7.6.3). */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly bitsAllocated: 8 | 16;
  /** True if colours are stored in three planes, one after the other, not pixel by pixel. */
  readonly planar: boolean;
}
