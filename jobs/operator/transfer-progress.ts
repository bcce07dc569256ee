import { SingleBar } from 'cli-progress'
import type { TransferProgress } from '../../models/transfer/manifest.ts'

/**
 * Shows how far an export or import is: a bar for each collection where `stream` is a terminal, else a line once it
 * is done. To be stopped after an error too.
 */
export function showTransfer(stream: NodeJS.WriteStream): {
  tell(progress: TransferProgress): void
  stop(): void
} {
  if (!stream.isTTY) {
    const tell = ({ step, collection, documents, ended }: TransferProgress): void =>
      void (ended && stream.write(`${step} ${collection} ${documents}\n`))
    return { tell, stop: () => undefined }
  }
  const format = '{step} {bar} {percentage}% {value}/{total} {collection}'
  const bar = new SingleBar({ format, stream })
  return {
    tell({ step, collection, documents, total, ended }) {
      if (!bar.isActive) bar.start(total, 0, { step, collection })
      bar.setTotal(total)
      bar.update(documents)
      if (ended) bar.stop()
    },
    stop: () => bar.stop(),
  }
}
