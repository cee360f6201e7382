import { pluginMetadata, use } from '@medbench/core';
import { expect, it } from 'vitest';
import { Slip } from './index.js';

it('slip is CLIP plus λ times NT-Xent between two views', () => {
  const views = { temperature: 0.2, hidden: 'auto', output: 16, crop: 0.1, flip: true } as const;
  expect(new Slip().objectives({ lambda: 3, ...views })).toEqual([
    use('clip'),
    use('nt-xent-views', { weight: 3, ...views }),
  ]);
});

it('slip declares its settings as plain data', () => {
  const { info } = pluginMetadata(Slip)!;
  expect(JSON.parse(JSON.stringify(info))).toEqual(info);
  expect(info).toMatchObject({
    settings: {
      lambda: { default: 1, min: 0, type: 'number' },
      hidden: { default: 'auto', min: 1, type: 'integer', auto: true },
      flip: { default: false, type: 'boolean' },
    },
  });
});
