import {
  type DualEncoderModel,
  type Encoder,
  type EncoderInfo,
  type ImageEncoderModel,
  pluginMetadata,
  type TextEncoderModel,
} from '@medbench/core';
import { gptModel } from '@medbench/encoders-gpt';
import { vitModel } from '@medbench/encoders-vit';
import { dualEncoder, encoderInfo, freezeAll, freezeBlocks, freezeFraction } from '@medbench/nn';
import { describe, expect, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';

/** Every encoder of the repository: its info, and its model at the published sizes with a small vocabulary. */
const encoders: (readonly [string, EncoderInfo, ImageEncoderModel | TextEncoderModel])[] = [];
for (const { manifest } of workspacePackages()) {
  if (!String(manifest.name).startsWith('@medbench/encoders-')) continue;
  const plugins: Record<string, unknown> = await import(`${manifest.name}/plugin`);
  for (const plugin of Object.values(plugins)) {
    const metadata = typeof plugin === 'function' ? pluginMetadata(plugin) : undefined;
    if (metadata?.kind !== 'encoder') continue;
    const info = metadata.info as EncoderInfo;
    const encoder = new (plugin as new () => Encoder)();
    encoders.push([info.id, info, encoder.build({ embedDim: info.embedDim, vocabSize: 16 })]);
  }
}

const image = vitModel({ id: 'i', imageSize: 16, patchSize: 8, width: 64, layers: 1, embedDim: 8 });
const text = gptModel({ id: 't', contextLength: 8, vocabSize: 16, width: 64, layers: 1, embedDim: 8 });

/** The two towers with the tower of an encoder in its place, and another in the other. */
const joined = (tower: ImageEncoderModel | TextEncoderModel): DualEncoderModel =>
  'imageSize' in tower ? dualEncoder(tower, text) : dualEncoder(image, tower);

it('encoders of every family are registered', () => {
  expect(encoders.length).toBeGreaterThan(10);
});

describe.each(encoders)('the encoder %s', (_id, info, built) => {
  const model = joined(built);
  const stages = model.stages(info.modality);
  const names = stages.flatMap(({ parameters }) => parameters);

  it('has every parameter in exactly one stage', () => {
    const prefix = info.modality === 'image' ? 'visual.' : '';
    const own = built.parameters.map(({ name }) => prefix + name);
    expect(new Set(own).size).toBe(own.length);
    expect([...names].sort()).toEqual([...own].sort());
  });

  it('has an embedding, blocks and a head, in this order', () => {
    const kinds = stages.map(({ kind }) => kind);
    expect(kinds.at(0)).toBe('embedding');
    expect(kinds.at(-1)).toBe('head');
    expect(kinds.slice(1, -1).every((kind) => kind === 'block')).toBe(true);
    expect(kinds.length - 2).toBe(info.layers);
    expect(new Set(stages.map(({ name }) => name)).size).toBe(stages.length);
  });

  it('freezes its embedding and the first half of its blocks, its whole or nothing', () => {
    const half = Math.floor(info.layers / 2);
    const first = stages.slice(0, half === 0 ? 0 : 1 + half).flatMap(({ parameters }) => parameters);
    expect(freezeFraction(model, info.modality, 0.5)).toEqual(first);
    expect(freezeBlocks(model, info.modality, half)).toEqual(first);
    expect(freezeFraction(model, info.modality, 0)).toEqual([]);
    expect([...freezeFraction(model, info.modality, 1)]).toEqual(names);
    expect(freezeAll(model, info.modality)).toEqual(names);
  });

  it('is listed with the sizes of its stages', () => {
    const { stages: listed, layers, width } = encoderInfo(built);
    expect({ layers, width }).toEqual({ layers: info.layers, width: info.width });
    expect(listed.blocks).toEqual(info.stages.blocks);
    if (info.modality === 'image') expect(listed).toEqual(info.stages);
  });
});
