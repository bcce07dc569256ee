import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, it } from 'vitest'
import { showTransfer } from './transfer-progress.ts'

const openStream = (isTTY: boolean): { stream: NodeJS.WriteStream; written: () => string } => {
  let text = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      text += chunk
      done()
    },
  })
  const terminal = Object.assign(stream, { isTTY, columns: 120 }) as unknown as NodeJS.WriteStream
  return { stream: terminal, written: () => text }
}
const step = 'import'

it('writes a line for each collection that is done, where nobody watches', () => {
  const { stream, written } = openStream(false)
  const { tell, stop } = showTransfer(stream)
  tell({ step, collection: 'customers', documents: 1_000, total: 1_200, ended: false })
  tell({ step, collection: 'customers', documents: 1_200, total: 1_200, ended: true })
  tell({ step, collection: 'empty', documents: 0, total: 0, ended: true })
  stop()
  expect(written()).toBe('import customers 1200\nimport empty 0\n')
})

it('shows a bar for each collection on a terminal', () => {
  const { stream, written } = openStream(true)
  const { tell, stop } = showTransfer(stream)
  tell({ step, collection: 'customers', documents: 600, total: 1_200, ended: false })
  tell({ step, collection: 'customers', documents: 1_200, total: 1_200, ended: true })
  tell({ step, collection: 'empty', documents: 0, total: 0, ended: true })
  tell({ step, collection: 'cut', documents: 1, total: 4, ended: false })
  stop()
  for (const shown of ['100% 1200/1200 customers\n', '100% 0/0 empty\n', '25% 1/4 cut\n'])
    expect(stripVTControlCharacters(written())).toContain(shown)
})
