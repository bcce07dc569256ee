import { randomBytes } from 'node:crypto'
import Router, { type RouterContext } from '@koa/router'
import type { Logger } from 'pino'
import type { Models } from '../../models/models.ts'
import { type Apps, type CallbackKeyPair, type CallbackKeys, UnknownApp } from '../apps.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Inbox } from '../dispatch/inbox.ts'
import type { ReplySlots } from '../dispatch/reply-slots.ts'
import { eventDefinition } from '../events/names.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import { WireError } from '../events/wire.ts'
import type { Metrics } from '../metrics.ts'
import { encryptReply } from '../wecom/crypto.ts'
import { toXml } from '../wecom/xml.ts'
import { readBody, readEnvelope } from './envelope.ts'
import { CallbackRefused } from './refusal.ts'
import { openCallback, readQuery } from './verify.ts'

export interface CallbackDeps {
  /** The corp and app of the environment, behind `/callback/app` and `/callback/contact`. */
  own: { corpId: string; agentId: string }
  apps: Apps
  models: Models
  inbox: Inbox
  dispatcher: Dispatcher
  replies: ReplySlots
  metrics: Metrics
  log: Logger
  replyBudgetMs: number
  /** Told of each event that was stored, and of each that could not be. */
  onStored?(): void
  onRefused?(): void
}

/** The callback URLs: verification by GET, messages and events by POST (`path/90930`). Answers are plain text. */
export function callbackRoutes(deps: CallbackDeps): Router {
  const router = new Router({ prefix: '/callback' })
  const { corpId, agentId } = deps.own
  const paths = [
    { path: '/app', keys: () => deps.apps.callbackKeys(corpId, agentId) },
    { path: '/contact', keys: () => contactKeys(deps) },
    {
      path: '/:corpId/:app',
      keys: ({ params }: RouterContext) => deps.apps.callbackKeys(params.corpId ?? '', params.app ?? ''),
    },
  ]
  for (const { path, keys } of paths) {
    router.get(path, context => guarded(deps, context, async () => verifyUrl(await keys(context), context)))
    router.post(path, context =>
      guarded(deps, context, async () => receive(deps, await keys(context), context)),
    )
  }
  return router
}

/** Where no separate customer-contact server is configured, the app's own keys are good at its address too. */
async function contactKeys(deps: CallbackDeps): Promise<CallbackKeys> {
  const { corpId, agentId } = deps.own
  return deps.apps.callbackKeys(corpId, 'contact').catch(error => {
    if (error instanceof UnknownApp) return deps.apps.callbackKeys(corpId, agentId)
    throw error
  })
}

/** The one place where what goes wrong at the edge becomes an answer, a number and a line without secrets. */
async function guarded(deps: CallbackDeps, context: RouterContext, work: () => Promise<void>): Promise<void> {
  const began = performance.now()
  context.type = 'text/plain'
  try {
    await work()
    if (context.method === 'POST') deps.metrics.acknowledged.observe((performance.now() - began) / 1000)
  } catch (error) {
    const refused =
      error instanceof CallbackRefused
        ? error
        : new CallbackRefused(error instanceof UnknownApp ? 'unknown_app' : 'inbox_unavailable', {
            cause: error,
          })
    deps.metrics.callbacks.inc({ result: refused.code })
    const { code, status, cause } = refused
    if (code === 'inbox_unavailable') deps.onRefused?.()
    const why = status === 503 ? { err: cause } : cause instanceof Error ? { why: cause.message } : {}
    deps.log.warn({ code, status, path: context.path, from: context.ip, ...why }, 'callback refused')
    context.status = status
    context.body = code
    // What is left of an oversized body is not worth reading.
    if (code === 'too_large') context.set('Connection', 'close')
  }
}

function verifyUrl(keys: CallbackKeys, context: RouterContext): void {
  const { echostr } = context.query
  if (typeof echostr !== 'string' || echostr === '') throw new CallbackRefused('malformed')
  const query = readQuery(context.query)
  // A `+` that was not percent-encoded has become a space on the way.
  context.body = openCallback(keys, query, echostr.replaceAll(' ', '+')).xml
}

async function receive(deps: CallbackDeps, keys: CallbackKeys, context: RouterContext): Promise<void> {
  const query = readQuery(context.query)
  const { xml, pair } = openCallback(keys, query, readEnvelope(await readBody(context.req)))
  const event = read(keys, xml)
  const mayAnswer = eventDefinition(event.name)?.passiveReply === true && event.userid !== undefined
  if (mayAnswer) deps.replies.open(event.id)
  try {
    const answer = await takeIn(deps, event, keys.app, mayAnswer)
    context.status = 200
    context.body = answer === undefined ? '' : seal(keys, pair, event, answer)
  } catch (error) {
    deps.replies.close(event.id)
    throw new CallbackRefused('inbox_unavailable', { cause: error })
  }
}

/** Makes the event durable, hands it on, and waits for an answer where there may be one. */
async function takeIn(
  deps: CallbackDeps,
  event: BotEvent,
  app: string,
  mayAnswer: boolean,
): Promise<string | undefined> {
  const fresh = await deps.inbox.put(event, app)
  deps.onStored?.()
  deps.metrics.callbacks.inc({ result: fresh ? 'accepted' : 'duplicate' })
  const stored = fresh ? undefined : await deps.models.inbox.findById(event.id, { state: 1, reply: 1 }).lean()
  // A known event that nobody has finished is taken up too: its first receiver may have died.
  if (fresh || stored?.state === 'waiting') deps.dispatcher.accept(event)
  if (stored?.reply !== undefined || stored?.state === 'done' || stored?.state === 'dead') {
    deps.replies.close(event.id)
    return stored.reply
  }
  return mayAnswer ? deps.replies.wait(event.id, deps.replyBudgetMs) : undefined
}

function read(keys: CallbackKeys, xml: string): BotEvent {
  let event: BotEvent
  try {
    event = parseEvent(xml)
  } catch (error) {
    if (error instanceof WireError) throw new CallbackRefused('malformed', { cause: error })
    throw error
  }
  if (event.corpId !== keys.corpId) throw new CallbackRefused('wrong_receiver')
  return event
}

/** A text answer in its envelope (`path/90241`). */
function seal(keys: CallbackKeys, pair: CallbackKeyPair, event: BotEvent, text: string): string {
  const seconds = Math.floor(Date.now() / 1000)
  const xml = toXml({
    ToUserName: event.userid ?? '',
    FromUserName: keys.corpId,
    CreateTime: seconds,
    MsgType: 'text',
    Content: text,
  })
  const nonce = randomBytes(8).toString('hex')
  return encryptReply({ ...pair, receiveId: keys.corpId, timestamp: seconds, nonce }, xml)
}
