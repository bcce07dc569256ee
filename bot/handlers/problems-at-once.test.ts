import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { actions } from '../actions/registry.ts'
import { inspectHandler } from './compile.ts'
import { problemsOfShape } from './drafts.ts'

const head = 'schemaVersion: 1\nkey: bad\ntitle: 试\n'
const tell = 'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: 你好 } }]\n'

function problemsOf(document: unknown): string[] {
  return problemsOfShape(document, actions).map(({ path, message }) => `${path} ${message}`)
}

describe('all that is wrong with a document is said at once, in its order', () => {
  it.each<[string, string, ...string[]]>([
    [
      'fields, matches, facts, actions and parameters',
      `schemaVersion: 1
key: bad
title: 2026
trigger: { event: customer.added, match: { sate: { eq: a }, state: fair } }
when: { path: follow.tag, is: contains, value: VIP }
steps:
  - { id: a, action: staff.notfy, with: { to: lead } }
  - { id: a, action: staff.notify, with: { to: lead, text: "{{ customer.nmae }}" } }`,
      'title is the number 2026, and a text is needed: write "2026"',
      'trigger.match.sate is no field of customer.added; did you mean state?',
      'trigger.match.state is the text "fair", and an object with one of eq, prefix, in is needed: write { eq: fair }, or { prefix: fair } for all that begins so',
      'when names follow.tag, which is no fact; did you mean follow.tags?',
      'steps.0.action "staff.notfy" is not an action; did you mean staff.notify?',
      'steps.1.id "a" is used twice',
      'steps.1.with.to is the text "lead", and a list is needed: write ["lead"]',
      'steps.1.with.text names customer.nmae, which is no fact; did you mean customer.name?',
    ],
    [
      'all branches of a condition, a wrong one beside others',
      `${head}trigger: { event: customer.added }
when:
  all:
    - { path: time.hour, is: gtt, value: 9 }
    - any:
        - time.inOffice
        - { path: follow.tag, is: exists }
        - { not: { path: time.hour, is: gt, value: "9" } }
    - { pth: time.hour, is: gt, value: "9" }
    - { path: time.huor, is: gt, vlaue: 9 }
    - { path: time.hour, is: gt, vlaue: 9 }
${tell}`,
      'when.all.0.is is the text "gtt"; write gt',
      'when.all.1.any.0 is the text "time.inOffice", and an object with one of all, any, not, path is needed: write { path: time.inOffice, is: eq, value: true }, or another comparison',
      'when.all.1.any.1 names follow.tag, which is no fact; did you mean follow.tags?',
      'when.all.1.any.2.not compares time.hour, which is a number, with the text "9"; write 9, without quotes',
      'when.all.2.path is missing; a text is needed',
      'when.all.2.pth is no field here; did you mean path?',
      'when.all.3.vlaue is no field here; did you mean value?',
      'when.all.3 names time.huor, which is no fact; did you mean time.hour?',
      'when.all.4.vlaue is no field here; did you mean value?',
    ],
    [
      'what stands within two forms of a condition',
      `${head}trigger: { event: customer.added }
when:
  all: [{ path: time.hour, is: gtt, value: 9 }]
  any: [{ path: follow.tag, is: exists }]
${tell}`,
      'when.all.0.is is the text "gtt"; write gt',
      'when.any.0 names follow.tag, which is no fact; did you mean follow.tags?',
      'when has all and any, and takes only one of them; put one inside the other',
    ],
    [
      'facts of an event that nobody knows are left out, others are not',
      `${head}trigger: { event: customer.addd, match: { any: { eq: 1 }, other: x } }
when:
  all:
    - { path: event.anything, is: eq, value: 1 }
    - { path: customer.nmae, is: exists }
    - { path: args.x, is: exists }
steps:
  - { id: w, action: welcome.send, with: { text: "{{ event.sate }}{{ time.huor }}" } }`,
      'trigger.event "customer.addd" is not the name of an event; did you mean customer.added?',
      'trigger.match.other is the text "x", and an object with one of eq, prefix, in is needed: write { eq: x }, or { prefix: x } for all that begins so',
      'when.all.1 names customer.nmae, which is no fact; did you mean customer.name?',
      'when.all.2 names args.x, and only commands and manual handlers have arguments',
      'steps.0.with.text names time.huor, which is no fact; did you mean time.hour?',
    ],
    [
      'of two triggers what is wrong within each, and nothing that only one of them lacks',
      `${head}trigger: { event: customer.added, command: 客 户, args: [{ name: who, title: 客户, type: string }] }
when: { path: args.what, is: exists }
steps:
  - { id: a, action: customer.tag, with: { add: VIP, tags: [a] } }`,
      'trigger.command "客 户" holds white space',
      'trigger.args.0.type is the text "string"; write one of word, number, rest, tags',
      'trigger has event and command, and takes only one of them',
      'steps.0.with.add is the text "VIP", and a list is needed: write ["VIP"]',
      'steps.0.with.tags is no field here; there is customer, add, remove',
    ],
    [
      'a command, its arguments and what refers to them',
      `${head}trigger:
  command: 查 客户
  aliases: [kh, "a b", KH]
  args:
    - { name: rest, title: 内容, type: rest }
    - { name: who, title: 客户, type: word, required: no }
    - { name: who, title: 客户, type: word }
  roles: [leader]
steps:
  - { id: a, action: reply, with: { text: "{{ args.whoo }}{{ customer.name }}" } }
  - { id: b, action: customer.tag, with: { add: [1] } }`,
      'trigger.command "查 客户" holds white space',
      'trigger.aliases.1 "a b" holds white space',
      'trigger.aliases.2 "KH" is the same as aliases.0',
      'trigger.args.1.required is the text "no": write true or false, without quotes',
      'trigger.args.1 comes after rest, which takes all that is left (rest); put rest last',
      'trigger.args.2.name "who" is used twice',
      'trigger.args.2 comes after rest, which takes all that is left (rest); put rest last',
      'trigger.roles.0 is the text "leader"; write lead',
      'steps.0.with.text names args.whoo, which the command does not have; did you mean args.who?',
      'steps.0.with.text names customer.name, and a command is about no customer; let a step find one, such as customer.show, and write steps.<id>.output',
      'steps.1.action "customer.tag" needs a customer, and a command is about none; write customer: "{{ args.… }}" in its with',
      'steps.1.with.add.0 is the number 1, and a text is needed: write "1"',
    ],
    [
      'arguments whose field is misspelt, and not that they are missing',
      `${head}trigger: { command: 报价, arsg: [{ name: sku, title: 型号, type: word }] }
steps: [{ id: a, action: reply, with: { text: "{{ args.skuu }}{{ nobody.name }}" } }]`,
      'trigger.arsg is no field here; did you mean args?',
      'steps.0.with.text names "nobody", which is none of event, corp, staff, customer, follow, time, args, steps, run',
    ],
    [
      'a schedule, what it is never about, and the lists of a scope each',
      `${head}scope: { departments: [3, "4"], staf: [a] }
trigger: { schedule: 每天九点 }
steps:
  - { id: a, action: customer.tag, onError: go, with: { add: [VIP] } }
  - { id: b, action: staff.notify, with: { to: [lead, 7], text: "{{ staff.name }}" } }`,
      'scope.departments.0 is the number 3, and a text is needed: write "3"',
      'scope.departments fits nothing: a schedule is about no staff member; leave it out',
      'scope.staf is no field here; did you mean staff?',
      'trigger.schedule "每天九点" is not a cron expression of five fields such as 0 9 * * 1-5',
      'steps.0.action "customer.tag" needs a staff member, and a schedule is about nobody',
      'steps.0.onError is the text "go"; write one of stop, continue',
      'steps.1.with.to.0 is lead, and a schedule is about nobody; write userids, leads or admin',
      'steps.1.with.to.1 is the number 7, and a text is needed: write "7"',
      'steps.1.with.text names staff.name, and a schedule is about nobody',
    ],
    [
      'steps of which each lacks something else, and not what a misspelt field was meant for',
      `${head}trigger: { event: customer.added }
steps:
  - { id: a b, action: staff.notify, wiht: { to: [lead], text: x } }
  - { action: staff.notify, text: x }
  - notify
  - { id: c, action: staff.notify, with: [x], if: { path: steps.gone.ok, is: eq, value: true } }
  - id: d
    action: staff.notify
    if: { path: steps.c.okay, is: eq, value: 3 }
    with: { to: [lead], text: "{{ steps.c.output.x }}{{ steps.d.ok }}" }`,
      'steps.0.id "a b" is not a name such as welcome: letters a to z, digits, - and _ are allowed',
      'steps.0.wiht is no field here; did you mean with?',
      'steps.1.id is missing; a text is needed',
      'steps.1.text is no field here; there is id, action, with, if, onError, retry',
      'steps.2 is the text "notify", and an object such as { id: …, action: … } is needed',
      'steps.3.with is a list, and an object is needed',
      'steps.4.if names steps.c.okay, and a step has ok and output',
      'steps.4.with.text names steps.c.output.x, which the step does not give; there is steps.c.output.to, steps.c.output.invalid, steps.c.output.waiting',
      'steps.4.with.text names steps.d, which has not run there yet',
    ],
    [
      'what stands around steps that are no list',
      `${head}scope: 销售部
trigger: { event: customer.added }
when: { path: follow.tag, is: exists }
run: { timeoutMs: 10, cooldown: 10 }
steps: { tell: { action: reply } }`,
      'scope is the text "销售部", and an object such as { departments: […] } is needed, with any of departments, staff, roles, apps, except',
      'when names follow.tag, which is no fact; did you mean follow.tags?',
      'run.timeoutMs is the number 10; 100 is the least',
      'run.cooldown is the number 10, and a text is needed: write "10s" or "10m"',
      'steps is an object, and a list is needed: begin each entry with "- "',
    ],
    [
      'an unknown action, and neither its parameters nor what it might give',
      `${head}trigger: { event: customer.added }
after: halt
steps:
  - { id: a, action: custmer.show, if: { path: follow.tag, is: exists }, with: { x: "{{ nobody.name }}" } }
  - { id: b, action: staff.notify, with: { to: [lead], text: "{{ steps.a.output.any }}{{ steps.a.out }}" } }`,
      'after is the text "halt"; write one of continue, stop',
      'steps.0.action "custmer.show" is not an action; did you mean customer.show?',
      'steps.0.if names follow.tag, which is no fact; did you mean follow.tags?',
      'steps.1.with.text names steps.a.out, and a step has ok and output',
    ],
    [
      'which parameters go together, although one of them is wrong',
      `${head}trigger: { event: customer.added }
steps:
  - { id: a, action: handler.schedule, with: { handler: 3 } }
  - { id: b, action: app.send, with: { to: {}, image: 7, markdown: x } }
  - { id: c, action: welcome.send, with: { materials: 7, fallback: x } }
  - { id: d, action: robot.send, with: { robot: 7 } }
  - { id: e, action: reply, with: { text: 3, markdown: x } }`,
      'steps.0.with.handler is the number 3, and a text is needed: write "3"',
      'steps.0.with needs after or at',
      'steps.1.with.to names nobody: give users, departments or tags',
      'steps.1.with.image is the number 7, and a text is needed: write "7"',
      'steps.1.with has markdown and image: a message has exactly one content',
      'steps.2.with.materials is the number 7, and a list is needed: write ["7"]',
      'steps.2.with.fallback stands in for a text, and there is none',
      'steps.3.with.robot is the number 7, and a text is needed: write "7"',
      'steps.3.with has none of text, markdown, markdown_v2, image, news, file, voice, template_card: a message has exactly one content',
      'steps.4.with.text is the number 3, and a text is needed: write "3"',
      'steps.4.with has text and markdown: a message has exactly one content',
    ],
    [
      'a trigger that nobody knows, and all that does not hang on it',
      `schemaVersion: 2
key: bad
titel: 试
trigger: { evnt: customer.added }
when: { all: [{ path: event.state, is: eq, value: 7 }, { path: follow.days, is: gt, value: many }] }
steps:
  - { id: w, action: welcome.send, with: {} }
  - { id: v, action: welcome.send, with: { text: "{{ args.x }}{% if %}" } }`,
      'title is missing; a text is needed',
      'schemaVersion is the number 2; write 1',
      'titel is no field here; did you mean title?',
      'trigger has none of event, command, message, schedule, manual; did you mean event by evnt?',
      'when.all.1 compares follow.days, which is a number, with the text "many"; write a number',
      'steps.0.with has neither text nor materials',
      'steps.1.action sends a second welcome: steps.w sends the welcome already, and there is one for each add',
      'steps.1.with.text is no template that can be filled: invalid value expression: ""',
    ],
  ])('%s', (_what, text, ...problems) => {
    expect(problemsOf(parse(text))).toEqual(problems)
  })
})

describe('faults that have nothing to do with each other', () => {
  const sound = `${head}scope: { departments: ["3"] }
trigger: { event: customer.added, match: { state: { prefix: fair } } }
when: { all: [{ path: time.hour, is: gt, value: 9 }, { not: { path: follow.tags, is: contains, value: VIP } }] }
priority: 5
run: { cooldown: 10m }
steps:
  - { id: one, action: staff.notify, with: { to: [lead], text: 你好 } }
  - { id: two, action: customer.tag, with: { add: [VIP] } }
  - { id: three, action: staff.notify, if: { path: time.inOffice, is: eq, value: true }, with: { to: [lead], text: 好 } }
`
  /** In the order of the document: what stands there, what is written instead, and what is said of that. */
  const faults: readonly [string, string, string][] = [
    ['title: 试', 'title: 2026', 'title is the number 2026, and a text is needed: write "2026"'],
    ['["3"]', '[3]', 'scope.departments.0 is the number 3, and a text is needed: write "3"'],
    ['state:', 'sate:', 'trigger.match.sate is no field of customer.added; did you mean state?'],
    ['is: gt,', 'is: gtt,', 'when.all.0.is is the text "gtt"; write gt'],
    [
      'follow.tags',
      'follow.tag',
      'when.all.1.not names follow.tag, which is no fact; did you mean follow.tags?',
    ],
    ['priority: 5', 'priority: -5', 'priority is the number -5; 0 is the least'],
    ['10m', '10分', 'run.cooldown "10分" is not a duration such as 30s, 10m, 2h or 3d'],
    [
      'to: [lead], text: 你好',
      'to: lead, text: 你好',
      'steps.0.with.to is the text "lead", and a list is needed: write ["lead"]',
    ],
    [
      '你好',
      '"{{ custmer.name }}"',
      'steps.0.with.text names "custmer", which is none of event, corp, staff, customer, follow, time, args, steps, run; did you mean customer?',
    ],
    [
      'action: customer.tag',
      'action: custmer.tag',
      'steps.1.action "custmer.tag" is not an action; did you mean customer.tag?',
    ],
    ['id: three', 'id: one', 'steps.2.id "one" is used twice'],
    [
      'value: true',
      'value: yes',
      'steps.2.if compares time.inOffice, which is a boolean, with the text "yes"; write true or false, without quotes',
    ],
    ['text: 好', 'text: ""', 'steps.2.with.text is empty'],
  ]

  it('are said whichever come together, each once and nothing besides', () => {
    fc.assert(
      fc.property(fc.subarray([...faults]), some => {
        const text = some.reduce((one, [there, instead]) => {
          expect(one).toContain(there)
          return one.replace(there, instead)
        }, sound)
        expect(problemsOf(parse(text))).toEqual(some.map(([, , sentence]) => sentence))
      }),
    )
  })
})

describe('of a document with very many problems', () => {
  it('the first are told, and how many more there are', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`field${index}`, 1]))
    const problems = problemsOf({ ...many, ...parse(`${head}trigger: { event: customer.added }\n${tell}`) })
    expect(problems).toHaveLength(51)
    expect(problems[0]).toMatch(/^field0 is no field here/)
    expect(problems.at(-1)).toBe('document has 10 more problems')
  })

  it.each([
    ['fields', Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`field${index}`, 1]))],
    [
      'comparisons',
      { when: { all: Array.from({ length: 1_000 }, () => ({ path: 'follow.tga', is: 'exsts' })) } },
    ],
    ['facts', { when: { any: Array.from({ length: 1_000 }, () => ({ path: 'follow.tga', is: 'exists' })) } }],
  ])('no more is said of many wrong %s', (_what, many) => {
    const document = { ...parse(`${head}trigger: { event: customer.added }\n${tell}`), ...many }
    expect(inspectHandler(document, actions).problems.length).toBeGreaterThanOrEqual(1_000)
    expect(problemsOf(document)).toHaveLength(51)
  })
})
