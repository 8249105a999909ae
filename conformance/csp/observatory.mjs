// Lets Mozilla's HTTP Observatory scan a site on this machine, and prints its result as JSON.
//
//	node observatory.mjs NAME HTTP-PORT HTTPS-PORT
//
// The scanner runs as it is, and asks http://NAME/ and https://NAME/; only where its connections go is changed: to
// 127.0.0.1, with the given ports for 80 and 443. A connection to any other name or port is refused.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [name, http, https] = process.argv.slice(2);
const root = path.join(process.env.AIRWORTHY_NODE_MODULES, '@mdn', 'mdn-http-observatory');

const connect = net.Socket.prototype.connect;
const ports = new Map([[80, Number(http)], [443, Number(https)]]);
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = ports.get(Number(options.port));
  if (options.host !== name || !port) throw new Error(`a connection to ${options.host}:${options.port}`);
  Object.assign(options, { host: '127.0.0.1', port });
  return connect.apply(this, args);
};

// The package fetches the list of preloaded names when it is installed. Without it, no name is preloaded.
const preload = path.join(root, 'conf', 'hsts-preload.json');
if (!fs.existsSync(preload)) fs.writeFileSync(preload, '{}');

const { scan } = await import(pathToFileURL(path.join(root, 'src', 'scanner', 'index.js')));
process.stdout.write(JSON.stringify(await scan(name)) + '\n');
process.exit();
