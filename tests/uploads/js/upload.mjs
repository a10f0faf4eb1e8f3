// Uploads a file as a page would: node upload.mjs ADDRESS FILE METADATA-JSON OPTIONS-JSON
// Prints the address of each upload it begins, and "done" when all bytes are there.
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const [endpoint, path, metadata, options] = process.argv.slice(2)
const { restartWhenGone = false, ...rest } = JSON.parse(options ?? '{}')

// The client hears nothing of a connection that breaks in the middle of an answer, and would wait for ever, milliseconds.
const SILENCE = 15000
let heard = Date.now()

const upload = new Upload(createReadStream(path), {
  endpoint,
  uploadSize: statSync(path).size,
  metadata: JSON.parse(metadata),
  retryDelays: [0, 1000, 3000, 5000], // the client's own
  ...rest,
  onUploadUrlAvailable() {
    console.log(upload.url)
  },
  onShouldRetry(error) {
    heard = Date.now()
    const status = error.originalResponse ? error.originalResponse.getStatus() : 0
    return status < 400 || status >= 500 || status === 409 || status === 423 || (restartWhenGone && status === 410)
  },
  onProgress() {
    heard = Date.now()
  },
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    console.log('done')
    process.exit(0) // a request that was answered before it was sent whole keeps its socket open
  },
})
upload.start()

setInterval(() => {
  if (Date.now() - heard > SILENCE) {
    heard = Date.now()
    upload.abort().then(() => upload.start())
  }
}, 1000)
