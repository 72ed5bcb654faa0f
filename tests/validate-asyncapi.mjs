// SPDX-License-Identifier: Apache-2.0
// docs/protocol/asyncapi.yaml through AsyncAPI's own parser. Needs the network once:
//
//     npm install --no-save --prefix build/asyncapi @asyncapi/parser && node tests/validate-asyncapi.mjs build/asyncapi
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2] ?? '.', 'package.json'));
const { Parser, fromFile } = require('@asyncapi/parser');
const { document, diagnostics } = await fromFile(new Parser(), 'docs/protocol/asyncapi.yaml').parse();
for (const d of diagnostics) console.log(['error', 'warning', 'note', 'hint'][d.severity], d.code, d.message, d.path.join('.'));
console.log(document ? 'valid' : 'not valid');
process.exit(document ? 0 : 1);
