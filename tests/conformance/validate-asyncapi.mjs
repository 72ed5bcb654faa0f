// SPDX-License-Identifier: Apache-2.0
// docs/protocol/asyncapi.yaml, and the schemas that it refers to, through AsyncAPI's own parser. After `make build/node/client_node.js`:
//
//     node tests/conformance/validate-asyncapi.mjs build/node [DOCUMENT]
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.argv[2] ?? '.', 'package.json'));
const { Parser, fromFile } = require('@asyncapi/parser');
const { document, diagnostics } = await fromFile(new Parser(), process.argv[3] ?? 'docs/protocol/asyncapi.yaml').parse();
for (const d of diagnostics) console.log(['error', 'warning', 'note', 'hint'][d.severity], d.code, d.message, d.path.join('.'));
console.log(document ? 'valid' : 'not valid');
process.exit(document ? 0 : 1);
