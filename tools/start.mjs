// npm start: everything on this machine, nothing but Node and npm needed.
process.argv.splice(2, 0, 'standalone');
await import('./run.mjs');
