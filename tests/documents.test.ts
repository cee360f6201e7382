import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { defaultLoadersSync } from 'cosmiconfig';
import { afterAll, describe, expect, it } from 'vitest';
import { workspacePackages } from '../scripts/workspace.mjs';
import { medbench, repository, temporaryFolder } from './support/cli.js';

const run = promisify(execFile);
const folder = temporaryFolder('documents');
afterAll(() => folder.dispose());

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const readYaml = (file: string) => defaultLoadersSync['.yaml']!(join(repository, file), read(file));

/** Code blocks of a page in a language. */
const codeBlocks = (file: string, language: string): string[] =>
  [...read(file).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , code]) => code!);

/** Lines of a page's shell blocks, without comments. */
const shellLines = (file: string): string[] =>
  codeBlocks(file, 'sh').flatMap((code) =>
    code
      .trim()
      .split('\n')
      .map((line) => line.replace(/\s+#.*$/, '')),
  );

describe('README.md', () => {
  const lines = read('README.md').trimEnd().split('\n');

  it('has at most 160 lines of at most 120 columns, and no padded table', () => {
    expect(lines.length).toBeLessThanOrEqual(160);
    expect(lines.filter((line) => [...line].length > 120)).toEqual([]);
    expect(lines.filter((line) => line.startsWith('|') && / {2}/.test(line))).toEqual([]);
  });

  const commands = shellLines('README.md')
    .filter((line) => line.startsWith('npx medbench '))
    .map((line) => line.split(' ').slice(2));

  it.each(commands.map((args) => [args.join(' '), args] as const))(
    'medbench %s: the command has these flags',
    async (_line, args) => {
      const names = args.filter((word) => /^[a-z]+$/.test(word)).slice(0, args[0] === 'data' ? 2 : 1);
      const { code, stdout } = await medbench([...names, '--help'], { cwd: folder.path });
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: medbench ${names.join(' ')} `);
      for (const flag of args.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`  ${flag} `);
    },
  );

  it.each(['methods', 'tasks', 'presets'])('names %s that exist', async (kind) => {
    const flag = kind === 'presets' ? '--preset' : `--${kind}`;
    const named = commands
      .filter((args) => args.includes(flag))
      .flatMap((args) => args[args.indexOf(flag) + 1]!.split(','));
    const { stdout } = await medbench(['list', kind, '--json'], { cwd: folder.path });
    const ids: string[] = JSON.parse(stdout).map(({ id }: { id: string }) => id);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((id) => id !== 'all' && !ids.includes(id))).toEqual([]);
  });

  it('has a configuration and a sum of objectives that medbench accepts', async () => {
    const config = JSON.parse(codeBlocks('README.md', 'json')[0]!);
    expect(config.plugins).toEqual(['./medbench-method-my-loss']);
    const file = join(folder.path, 'medbench.config.json');
    writeFileSync(file, JSON.stringify({ ...config, plugins: [join(repository, 'examples/third-party-method')] }));
    const [, methods] = read('README.md').match(/`--methods '(.*?)'`/)!;
    // The eager backend makes no estimate of the memory, which takes most of the time of a plan.
    const args = ['plan', '--config', file, `--methods=${methods}`, '--tasks=vqa-rad', '--json', '--backend=wasm'];
    const { code, stderr } = await medbench(args, { cwd: folder.path });
    expect(code, stderr).toBe(0);
  });

  it('has an example of an objective that runs', async () => {
    // Stands in for the folder in which a user has installed the packages that the page names.
    const cwd = join(repository, 'examples/objective-as-library');
    const [code] = codeBlocks('README.md', 'js');
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code!], { cwd });
    expect(Number(stdout.match(/Tensor\s+([\d.]+)/)?.[1])).toBeGreaterThan(0);
  });
});

describe('links to files', () => {
  it.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/environment.md', 'scripts/oracles/README.md'])(
    '%s: each exists',
    (file) => {
      const text = read(file).replace(/^```.*?^```$/gms, '');
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(([, link, image]) => link ?? image!);
      const relative = targets.filter((target) => !/^(https?:|#)/.test(target)).map((target) => target.split('#')[0]!);
      const missing = relative.filter((target) => !existsSync(join(repository, dirname(file), target)));
      expect([...new Set(missing)]).toEqual([]);
    },
  );
});

describe('npm scripts', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it.each(['README.md', 'CONTRIBUTING.md'])('%s names only those that exist', (file) => {
    const names = [...read(file).matchAll(/\b(?:npm run|with-pnpm\.mjs) ([\w:-]+)/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => name !== 'bench:NAME' && !(name in scripts))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  const text = read('CONTRIBUTING.md');
  const map = text.slice(text.indexOf('### Packages, from the top down'), text.indexOf('### Add a package'));
  const rows = [...map.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );

  /** Row of the map that names a package, or has a pattern for it. */
  const rowIndex = (name: string): number => {
    const exact = rows.findIndex((names) => names.includes(name));
    return exact >= 0
      ? exact
      : rows.findIndex((names) => names.some((one) => one.endsWith('*') && name.startsWith(one.slice(0, -1))));
  };

  it('lists every package, each above those that it depends on', () => {
    const packages = workspacePackages();
    expect(packages.filter(({ name }) => rowIndex(name) < 0).map(({ name }) => name)).toEqual([]);
    const upward = packages.flatMap(({ name, manifest }) =>
      Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
        .map((id) => id.replace(/^@medbench\//, ''))
        .filter((id) => packages.some((one) => one.name === id) && rowIndex(id) < rowIndex(name))
        .map((id) => `${name} -> ${id}`),
    );
    expect(upward).toEqual([]);
  });

  it('lists no package that does not exist', () => {
    const names = workspacePackages().map(({ name }) => name);
    const exists = (one: string) =>
      names.some((name) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
    expect(rows.flat().filter((one) => !exists(one))).toEqual([]);
  });
});

describe('scripts/oracles/README.md', () => {
  /** Entries of the list: name of the script, and the text about it. */
  const entries = new Map(
    [...read('scripts/oracles/README.md').matchAll(/^- `(\w+\.py)` (.*?)(?=^- |^## |\n\n|(?![\s\S]))/gms)].map(
      ([, script, about]) => [script!, about!.replaceAll(/\s+/g, ' ')],
    ),
  );
  const scripts = readdirSync(join(repository, 'scripts/oracles')).filter((name) => name.endsWith('.py'));
  const pinned = new Map(
    codeBlocks('scripts/oracles/README.md', '')
      .join('')
      .trim()
      .split('\n')
      .map((line) => line.split('==') as [string, string]),
  );

  /** Modules whose package has another name. */
  const PACKAGES: Readonly<Record<string, string>> = {
    PIL: 'pillow',
    open_clip: 'open_clip_torch',
    sklearn: 'scikit-learn',
  };

  const STANDARD_LIBRARY = new Set(
    'base64 collections colorsys csv gzip hashlib html io itertools json math os pathlib pickle random re sys tarfile tempfile types'
      .split(' ')
      .concat('unicodedata', 'zipfile', 'zlib'),
  );

  it('names every script, and no other', () => expect([...entries.keys()].sort()).toEqual(scripts));

  it.each(scripts)('%s: its files exist, and the tests that it names read them', (script) => {
    const about = entries.get(script)!;
    const paths = [...about.matchAll(/`((?:packages|tests|bench)\/[^`]+)`/g)].map(([, path]) => path!);
    expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
    const isCode = (path: string) => /\.(ts|py)$/.test(path);
    const made = paths.filter((path) => !isCode(path));
    for (const reader of paths.filter(isCode)) {
      const source = read(reader);
      const names = made.length > 0 ? made.map((path) => basename(path)) : [basename(script, '.py')];
      // A test of npz files makes their names from parts.
      const stems = names.flatMap((name) => [name, name.replace(/\.(npz|json)$/, '')]);
      expect(
        stems.some((name) => source.includes(name)),
        `${reader} reads ${names.join(' or ')}`,
      ).toBe(true);
    }
    // The script says itself which files it makes.
    const code = read(`scripts/oracles/${script}`);
    for (const path of made) expect(code, path).toContain(dirname(path).split('/').slice(0, 2).join('/'));
  });

  it.each(scripts)('%s: the packages that it imports are named, with a version', (script) => {
    const code = read(`scripts/oracles/${script}`);
    const modules = [...code.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name!);
    const own = scripts.map((name) => basename(name, '.py'));
    const needed = modules
      .filter((name) => !own.includes(name) && !STANDARD_LIBRARY.has(name))
      .map((name) => PACKAGES[name] ?? name);
    const [, named = ''] = entries.get(script)!.match(/Needs ([^.]+)\./) ?? [];
    const names = named.split(', ').filter((name) => name !== 'Python alone');
    expect(needed.filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !pinned.has(name))).toEqual([]);
  });

  it('pins the versions that the scripts state', () => {
    const stated = scripts.flatMap((script) =>
      [
        ...read(`scripts/oracles/${script}`)
          .split('"""')[1]!
          .matchAll(/\b([A-Za-z_-]+) (\d+\.\d[\d.]*\d)/g),
      ].map(([, name, version]) => [script, name!.toLowerCase(), version!] as const),
    );
    const wrong = stated.filter(([, name, version]) => {
      const pin = pinned.get({ pytorch: 'torch', open_clip: 'open_clip_torch' }[name] ?? name);
      return pin !== undefined && !`${pin}.`.startsWith(`${version}.`);
    });
    expect(wrong).toEqual([]);
    expect(stated.length).toBeGreaterThan(30);
  });
});

describe('files for GitHub and others', () => {
  const forms = readdirSync(join(repository, '.github/ISSUE_TEMPLATE')).map((name) => `.github/ISSUE_TEMPLATE/${name}`);

  it.each(forms.filter((file) => !file.endsWith('config.yml')))('%s is an issue form', (file) => {
    const form = readYaml(file);
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String), body: expect.any(Array) });
    const ids: string[] = [];
    for (const { type, id, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type);
      expect(attributes[type === 'markdown' ? 'value' : 'label']).toEqual(expect.any(String));
      if (type === 'dropdown') expect(attributes.options.length).toBeGreaterThan(1);
      if (id !== undefined) ids.push(id);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('.github: every YAML file parses', async () => {
    const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '.github'], {
      cwd: repository,
    });
    const files = stdout.split('\n').filter((name) => /\.ya?ml$/.test(name));
    expect(files).toContain('.github/ISSUE_TEMPLATE/config.yml');
    for (const file of files) expect(readYaml(file), file).toEqual(expect.any(Object));
  });

  it('CITATION.cff has the keys that its format requires, and the study as a reference', () => {
    const { references, ...citation } = readYaml('CITATION.cff');
    expect(citation).toMatchObject({
      'cff-version': '1.2.0',
      message: expect.any(String),
      title: 'medbench',
      type: 'software',
      license: 'MIT',
      authors: [{ name: 'medbench contributors' }],
    });
    expect(references).toHaveLength(1);
    expect(references[0]).toMatchObject({
      type: 'article',
      title: expect.any(String),
      url: 'https://arxiv.org/abs/2406.07450',
    });
    for (const author of references[0].authors)
      expect(author).toEqual({ 'given-names': expect.any(String), 'family-names': expect.any(String) });
  });

  it('.editorconfig agrees with biome.json', () => {
    const [, all] = read('.editorconfig').split(/^\[\*\]$/m);
    const settings = Object.fromEntries(
      all!
        .split(/^\[/m)[0]!
        .trim()
        .split('\n')
        .map((line) => line.split(' = ')),
    );
    const { formatter } = JSON.parse(read('biome.json'));
    expect(settings).toMatchObject({
      indent_style: formatter.indentStyle,
      indent_size: String(formatter.indentWidth),
      max_line_length: String(formatter.lineWidth),
    });
  });
});
