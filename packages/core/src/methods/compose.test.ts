import { describe, expect, it } from 'vitest';
import type { DualEncoderModel } from '../contracts/encoder.js';
import type { MethodInput, ObjectiveUse, RepresentInput } from '../contracts/method.js';
import { type AnyMethod, type AnyObjective, Objective } from '../decorators.js';
import { composeMethod, objectivesFrom, type ResolvedObjective } from './index.js';
import { use } from './use.js';

const model = {} as DualEncoderModel;
const never = (): never => {
  throw new Error('nothing is computed here');
};
const objective = (members: Partial<AnyObjective> = {}): ResolvedObjective['instance'] => ({ loss: never, ...members });
const objectives = (byId: Readonly<Record<string, Partial<AnyObjective>>>): ReadonlyMap<string, ResolvedObjective> =>
  new Map(
    Object.entries(byId).map(([id, members]) => [
      id,
      {
        info: {
          id,
          title: id,
          source: 'x',
          settings: { width: { default: 3, min: 1, description: 'x', type: 'integer' } },
        },
        instance: objective(members),
      },
    ]),
  );
const sum = (...uses: ObjectiveUse[]): AnyMethod => ({ start: 'general', objectives: () => uses });
const spec = (name: string, shape: readonly number[] = [2]) =>
  ({ name, shape, init: { kind: 'normal', std: 1 } }) as const;
const drawn: MethodInput = { shape: [1], dtype: 'float32', draw: () => new Float32Array(1) };

describe('a method', () => {
  class Slip {
    readonly start = 'general';
  }

  it('without objectives() and objective() is refused by name', () => {
    expect(() => composeMethod({ method: new Slip(), objectives: new Map() })).toThrow(
      'Class Slip has neither objectives() nor objective()',
    );
  });

  it.each(['represent', 'objective', 'parameters', 'inputs'])('with objectives() and %s() is refused', (part) => {
    const method = { ...sum(use('a')), [part]: never };
    expect(() => composeMethod({ method, objectives: new Map(), name: 'Slip of lab' })).toThrow(
      `Slip of lab has both objectives() and ${part}()`,
    );
  });

  it('without a sum keeps its members, with defaults for the missing ones', () => {
    const method = composeMethod({ method: { start: 'scratch', objective: never }, objectives: new Map() });
    expect(method.start).toBe('scratch');
    expect(method.frozen(model, {})).toEqual([]);
    expect(method.parameters(model, {})).toEqual([]);
    expect(method.inputs(model, {})).toEqual({});
    expect(method.teacher({})).toBeNull();
    expect(method.phases({ a: 1 })).toEqual([{ share: 1, settings: { a: 1 } }]);
  });
});

describe('a sum of objectives', () => {
  const available = objectives({
    a: {
      parameters: (_, { width }) => [spec('head', [width as number])],
      inputs: () => ({ view: drawn }),
      idle: () => ['x', 'y'],
    },
    b: { parameters: () => [spec('head'), { ...spec('tail'), stream: 'own' }], idle: () => ['y', 'z'] },
    c: { inputs: () => ({ view: drawn }) },
  });
  const composed = (...uses: ObjectiveUse[]) => composeMethod({ method: sum(...uses), objectives: available });

  it('prefixes names with the objective, keeps the names of random streams, and sorts by id', () => {
    const specs = composed(use('b'), use('a')).parameters(model, {});
    expect(specs.map(({ name, stream, shape }) => [name, stream, shape])).toEqual([
      ['a/head', 'head', [3]],
      ['b/head', 'head', [2]],
      ['b/tail', 'own', [2]],
    ]);
    expect(
      Object.entries(composed(use('c'), use('a')).inputs(model, {})).map(([name, { stream }]) => [name, stream]),
    ).toEqual([
      ['a/view', 'view'],
      ['c/view', 'view'],
    ]);
  });

  it('passes an objective its settings', () => {
    expect(composed(use('a', { width: 7 })).parameters(model, {})[0]!.shape).toEqual([7]);
    expect(() => composed(use('a', { width: 0 })).parameters(model, {})).toThrow(
      'objective.a.width must lie in [1, ∞]',
    );
    expect(() => composed(use('a', { wide: 1 })).parameters(model, {})).toThrow('Unknown setting of a "wide"');
  });

  it('leaves out objectives of weight 0', () => {
    const method = composed(use('a', { weight: 0 }), use('b'));
    expect(method.parameters(model, {}).map(({ name }) => name)).toEqual(['b/head', 'b/tail']);
    expect(method.inputs(model, {})).toEqual({});
  });

  it('freezes parameters that no objective depends on', () => {
    expect(composed(use('a')).frozen(model, {})).toEqual(['x', 'y']);
    expect(composed(use('a'), use('b')).frozen(model, {})).toEqual(['y']);
    expect(composed(use('a'), use('c')).frozen(model, {})).toEqual([]);
    const method = { ...sum(use('a'), use('b')), frozen: () => ['w', 'y'] };
    expect(composeMethod({ method, objectives: available }).frozen(model, {})).toEqual(['w', 'y']);
  });

  it.each([
    { name: 'it does', idle: [], order: ['image', 'text', 'image embedding', 'text embedding'] },
    { name: 'it does not', idle: ['w'], order: ['image', 'image embedding', 'text', 'text embedding'] },
  ])(
    'records both towers before an embedding only if another objective uses the text tower: $name',
    ({ idle, order }) => {
      const recorded: string[] = [];
      const encode = (tower: string) => () => {
        recorded.push(tower);
        return {
          get embedding() {
            recorded.push(`${tower} embedding`);
            return {};
          },
        };
      };
      const towers = {
        encodeImage: encode('image'),
        encodeText: encode('text'),
        stages: () => [{ name: 'block', kind: 'block', parameters: ['w'] }],
      } as unknown as DualEncoderModel;
      const method = composeMethod({
        method: sum(use('a'), use('b')),
        objectives: objectives({ a: {}, b: { represent: () => ({}), idle: () => idle } }),
      });
      const batch = { images: { shape: [2] }, ids: {}, inputs: {} } as unknown as RepresentInput['batch'];
      method.represent({ model: towers, parameters: {}, batch, settings: {} });
      expect(recorded).toEqual(order);
    },
  );

  it('has one EMA teacher', () => {
    const teachers = objectives({
      a: { teacher: () => 0.9 },
      b: { teacher: () => 0.99 },
      c: {},
      d: { teacher: () => 0.9 },
    });
    const teacherFor = (...ids: string[]) =>
      composeMethod({ method: sum(...ids.map((id) => use(id))), objectives: teachers }).teacher({});
    expect(teacherFor('c')).toBeNull();
    expect(teacherFor('a', 'c', 'd')).toBe(0.9);
    expect(() => teacherFor('a', 'b')).toThrow('has one EMA teacher, but a asks for the momentum 0.9 and b for 0.99');
  });

  it.each([
    [[use('a', { weight: -1 })], 'gives the objective "a" the weight -1, which is not a number of at least 0'],
    [[use('a', { weight: Number.NaN })], 'gives the objective "a" the weight null'],
    [[use('a'), use('a')], 'gives the objective "a" two weights'],
    [[use('q')], 'uses the objective "q", which is not loaded'],
    [[use('a', { weight: 0 })], 'has no objective whose weight is above 0'],
    [[], 'has no objective whose weight is above 0'],
  ])('with a fault is refused: %j', (uses, message) =>
    expect(() => composed(...uses).parameters(model, {})).toThrow(message),
  );
});

it('objectivesFrom finds the objectives among the exports of a module', () => {
  @Objective({ id: 'one', title: 'One', source: 'x' })
  class One {
    loss = never;
  }
  const byId = objectivesFrom({ One, other: 3, Other: class {} });
  expect([...byId.keys()]).toEqual(['one']);
  expect(byId.get('one')!.info).toEqual({ id: 'one', title: 'One', source: 'x', settings: {} });
  expect(byId.get('one')!.instance).toBeInstanceOf(One);
});
