import { Double, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pipelines } from '../fixtures/semantics/aggregation.ts'
import {
  type Case,
  collection,
  fromCommand,
  fromExpression,
  fromOrder,
  fromPipeline,
  fromProjection,
  fromQuery,
  fromRefusal,
  fromUpdate,
  fromUpsert,
  type Group,
  unchanged,
} from '../fixtures/semantics/cases.ts'
import { commands } from '../fixtures/semantics/commands.ts'
import { refusals } from '../fixtures/semantics/errors.ts'
import { expressions } from '../fixtures/semantics/expression.ts'
import { indexes } from '../fixtures/semantics/indexes.ts'
import { longKeys } from '../fixtures/semantics/long-keys.ts'
import { observe } from '../fixtures/semantics/observe.ts'
import { orders } from '../fixtures/semantics/order.ts'
import { projections } from '../fixtures/semantics/projection.ts'
import { queries } from '../fixtures/semantics/query.ts'
import { updates, upserts } from '../fixtures/semantics/update.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'

const client = new MongoClient(freshDatabaseUri())
const db = client.db()
let count = 0
const run = (test: Case) => observe(db, `case_${++count}`, test)

beforeAll(() => client.connect())
afterAll(async () => {
  await db.dropDatabase()
  await client.close()
})

const casesOf = <Row>(groups: Group<Row>[], toCase: (row: Row) => Case) =>
  groups.map(({ manual, rows }): [string, Case[]] => [manual, rows.map(toCase)])

const indexed = ['a', 'a.b'].map(path => ({ key: { [path]: 1 }, name: path }))

const tables = {
  'a filter': casesOf(queries, row => fromQuery(row)),
  'a filter with indexes': casesOf(queries, row => fromQuery(row, indexed)),
  'a sort': casesOf(orders, row => fromOrder(row)),
  'a sort with indexes': casesOf(orders, row => fromOrder(row, indexed)),
  'a projection': casesOf(projections, fromProjection),
  'an update': casesOf(updates, fromUpdate),
  'an upsert': casesOf(upserts, fromUpsert),
  'a command': casesOf(commands, fromCommand),
  'an index': casesOf(indexes, fromCommand),
  'a long value': casesOf(longKeys, fromCommand),
  'an expression': casesOf(expressions, fromExpression),
  'a pipeline': casesOf(pipelines, fromPipeline),
  refused: casesOf(refusals, fromRefusal),
}

describe.each(Object.entries(tables))('%s', (_, groups) => {
  describe.concurrent.each(groups)('%s', (_manual, cases) => {
    it.each(cases.map((test): [string, Case] => [test.name, test]))('%s', async (_name, test) => {
      const { seen, expected } = await run(test)
      expect(seen).toEqual(expected)
    })
  })
})

describe('a case fails when', () => {
  const wrong: [string, Case][] = [
    ['a document is missing', fromQuery(['', { a: 1 }, [{ a: 1 }, { a: 1 }], [0]])],
    ['a document is too many', fromQuery(['', { a: 1 }, [{ a: 1 }], [0, 0]])],
    ['the order is another', fromOrder(['', { a: 1 }, [{ a: 1 }, { a: 2 }], [1, 0]])],
    ['a number has another type', fromUpdate(['', { a: 1 }, { $inc: { a: 1 } }, { a: new Double(2) }])],
    ['a field stands elsewhere', fromProjection(['', { a: 1, b: 1 }, {}, { _id: 0, b: 1, a: 1 }])],
    ['nothing has changed', fromUpdate(['', { a: 1 }, { $set: { a: 1 } }, { a: 1 }])],
    ['something has changed', fromUpdate(['', { a: 1 }, { $set: { a: 2 } }, unchanged])],
    ['nothing is refused', fromRefusal(['', 2, { find: collection }])],
    ['something is refused', fromQuery(['', { $foo: 1 }, [], []])],
    ['the code is another', fromRefusal(['', 9, { find: collection, filter: { $foo: 1 } }])],
    [
      'the reply lacks a field',
      fromCommand({ name: '', command: { count: collection }, reply: { m: null } }),
    ],
    ['the value is another', fromExpression(['', { $add: [1, 1] }, 3])],
  ]

  it.each(wrong)('%s', async (_name, test) => {
    const { seen, expected } = await run(test)
    expect(seen).not.toEqual(expected)
  })
})
