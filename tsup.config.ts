import { existsSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { workspacePackages } from './scripts/workspace.mjs';

// JavaScript of all packages in one process (types: scripts/build-types.mjs). A package's entries are its `exports`;
// everything that it declares as a dependency or peer stays an import, so that there is one copy of it.
export default defineConfig(
  workspacePackages(['packages', 'examples'])
    .map(({ name, dir, manifest }) => ({
      name,
      outDir: `${dir}/dist`,
      entry: Object.values(manifest.exports as Record<string, Record<string, string> | string>).flatMap((target) => {
        const source = typeof target === 'object' ? target['@medbench/source'] : undefined;
        return source && existsSync(`${dir}/${source}`) ? [`${dir}/${source}`] : [];
      }),
      external: [
        ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).flatMap((id) => [
          id,
          new RegExp(`^${id}/`),
        ]),
      ],
      format: 'esm' as const,
      target: 'node20' as const,
      platform: 'node' as const,
      splitting: true,
      sourcemap: true,
      // Types that an earlier build wrote stay: the demo builds JavaScript alone.
      clean: ['!**/*.d.ts'],
      dts: false,
    }))
    .filter(({ entry }) => entry.length > 0),
);
