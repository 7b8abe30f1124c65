// The limit of P2: the same client library takes the messages in and acknowledges them, and does nothing else.
//   node receive-only.mjs MQTT_URL CLIENT_ID FILTER COUNT
import { loadLibraries } from '../support/libraries.mjs';

const { AcknowledgingClient } = await loadLibraries();
const [, , url, clientId, filter, count] = process.argv;
let received = 0;
let connectedAt = 0;
const client = new AcknowledgingClient({
  url,
  clientId,
  filters: [filter],
  receiveMaximum: 48_000,
  onMessage(message) {
    message.acknowledge();
    received += 1;
    if (received === Number(count)) void finish();
  },
  onClose: () => undefined,
  onEvent(event) {
    if (event === 'connected') connectedAt = performance.now();
  },
});

async function finish() {
  process.send({ elapsedMs: performance.now() - connectedAt });
  await client.stop();
  process.disconnect();
}
