export { type FileServer, type FileServerOptions, serveFiles, type Trouble } from './server.js';
