// Writes the address of each module that a process loads to the file MODULES_LOG: node --import log-modules.mjs
import { register } from 'node:module';

const hooks = `
  import { appendFileSync } from 'node:fs';
  export const load = (url, context, next) => {
    appendFileSync(process.env.MODULES_LOG, url + '\\n');
    return next(url, context);
  };
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
