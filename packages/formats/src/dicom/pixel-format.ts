/** What a file says about its image (PS3.3, C.7.6.3). */
export interface PixelFormat {
  readonly rows: number;
  readonly columns: number;
  readonly samples: 1 | 3;
  readonly bitsAllocated: 8 | 16;
  /** Samples of a colour one after the other in three planes, not pixel by pixel. */
  readonly planar: boolean;
}
