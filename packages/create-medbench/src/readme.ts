import { type FolderKind, PLUGIN_KINDS, type PluginFolderKind } from './kinds.js';
import { packageName, title } from './names.js';

/** Makes the README of a plugin. */
function pluginReadme(kind: PluginFolderKind, name: string): string {
  const { summary, example, trial, use } = PLUGIN_KINDS[kind];
  const full = packageName(kind, name);
  return `# ${full}

A plugin for medbench: ${summary}.

\`\`\`
npm install
npm test             # builds, then runs the tests in test/plugin.test.ts
npm run check        # the plugin check from the command line
npx medbench run     # ${trial}
\`\`\`

The code is \`src/index.ts\`. ${example}

medbench runs what was built last: \`npm run build\` after a change. \`medbench.config.json\` holds the settings of
\`medbench run\` in this folder, which it names as a plugin. Editors check it.

## Publish

\`\`\`
npm publish
\`\`\`

Only \`dist\` is published. Choose the licence in \`package.json\` first; it says MIT. In a project that has medbench:

\`\`\`
npm install ${full}
${use(name)}
\`\`\`
`;
}

/** Makes the README of a study. */
const studyReadme = (name: string): string => `# ${packageName('study', name)}

${title(name)}: a study with medbench.

\`\`\`
npm install
npm test             # checks that the plan is sound and has the rows of each question
npm run check        # the plan: rows, parameters, steps and cells
npx medbench run     # trains and measures, and prints the table
npm start            # the same, and answers the questions
\`\`\`

\`medbench.config.ts\` holds the rows, tasks and seeds, and \`study.ts\` the questions. The example runs in minutes on generated
images. For your own data, remove the line \`preset: 'demo'\`, name the folder of the data (\`dataRoot\`) and choose tasks
(\`npx medbench list tasks\`); \`npx medbench data verify --tasks all\` says which data is complete.
`;

/** Makes the README of a folder. */
export const folderReadme = (kind: FolderKind, name: string): string =>
  kind === 'study' ? studyReadme(name) : pluginReadme(kind, name);
