import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { actions } from '../actions/registry.ts'
import { problemsOfForm } from './drafts.ts'

const good = {
  schemaVersion: 1,
  key: 'bad',
  title: '试',
  trigger: { event: 'customer.added' },
  steps: [{ id: 'tell', action: 'staff.notify', with: { to: ['lead'], text: '你好' } }],
}

/** What is said of the good document with these fields, in YAML, instead of its own. */
function problemsOf(fields: string): string[] {
  const found = problemsOfForm({ ...good, ...(parse(fields) as object) }, actions)
  return found.map(({ path, message }) => `${path} ${message}`)
}

it('says nothing of the good one', () => {
  expect(problemsOf('priority: 5')).toEqual([])
})

describe('what is wrong with a field of a document is said by its path, with what to write instead', () => {
  it.each<[string, string, ...string[]]>([
    ['a misspelt field', 'titel: 欢迎', 'titel is no field here; did you mean title?'],
    [
      'a field that no document has',
      'zzzz: 1',
      'zzzz is no field here; there is schemaVersion, key, title, enabled, revision, scope, trigger, when, priority, after, run, steps',
    ],
    [
      'a field that was meant for another place',
      'retry: { max: 3 }',
      'retry is no field here; there is schemaVersion, key, title, enabled, revision, scope, trigger, when, priority, after, run, steps',
    ],
    [
      'a title that is a number',
      'title: 2026',
      'title is the number 2026, and a text is needed: write "2026"',
    ],
    [
      'a title that is too long',
      'title: 欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢欢',
      'title has 61 characters; 60 is the most',
    ],
    [
      'a key with capitals',
      'key: Welcome',
      'key "Welcome" is not a key such as welcome-spring-fair: small letters a to z, digits and - are allowed, at most 64',
    ],
    [
      'a key in Chinese',
      'key: 春展欢迎',
      'key "春展欢迎" is not a key such as welcome-spring-fair: small letters a to z, digits and - are allowed, at most 64',
    ],
    [
      'a priority with a comma',
      'priority: 20,5',
      'priority is the text "20,5", and a whole number such as 20 is needed',
    ],
    [
      'a priority with a fraction',
      'priority: 20.5',
      'priority is the number 20.5, and a whole number such as 20 is needed',
    ],
    ['enabled: yes', 'enabled: yes', 'enabled is the text "yes": write true or false, without quotes'],
    ['a priority that is a text', 'priority: "10"', 'priority is the text "10": write 10, without quotes'],
    ['a priority below 0', 'priority: -1', 'priority is the number -1; 0 is the least'],
    ['after: halt', 'after: halt', 'after is the text "halt"; write one of continue, stop'],
    [
      'a cooldown without a unit',
      'run: { cooldown: 10 }',
      'run.cooldown is the number 10, and a text is needed: write "10s" or "10m"',
    ],
    [
      'a cooldown in words',
      'run: { cooldown: 10分钟 }',
      'run.cooldown "10分钟" is not a duration such as 30s, 10m, 2h or 3d',
    ],
    [
      'a cooldown that is longer than runs are kept',
      'run: { cooldown: 31d }',
      'run.cooldown "31d" is more than 30 days; write at most 30d',
    ],
    [
      'a time-out of a second too short',
      'run: { timeoutMs: 10 }',
      'run.timeoutMs is the number 10; 100 is the least',
    ],
    [
      'a time-out with a unit',
      'run: { timeoutMs: 15s }',
      'run.timeoutMs is the text "15s", and a whole number such as 100 is needed',
    ],
    [
      'further attempts in words',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: 好 }, retry: { max: twice } }]',
      'steps.0.retry.max is the text "twice", and a whole number such as 10 is needed',
    ],
    ['no steps', 'steps: []', 'steps is empty'],
    [
      'an action whose first half is misspelt',
      'steps: [{ id: tell, action: welcom.send, with: { text: 你好 } }]',
      'steps.0.action "welcom.send" is not an action; did you mean welcome.send?',
    ],
    [
      'a delay that is no duration, once',
      'steps: [{ id: later, action: handler.schedule, with: { handler: x, after: 3x } }]',
      'steps.0.with.after "3x" is not a duration such as 30s, 10m, 2h or 3d',
    ],
    [
      'steps that are an object',
      'steps: { tell: { action: reply } }',
      'steps is an object, and a list is needed: begin each entry with "- "',
    ],
    [
      'no space behind the dash of an only entry',
      'steps:\n  -id: tell',
      'steps is an object, and a list is needed: write "- id: ", with a space behind the "-"',
    ],
    [
      'no space behind the dashes of a list',
      'scope:\n  staff:\n    -lina\n    -wudi',
      'scope.staff is the text "-lina -wudi", and a list is needed: write "- lina", with a space behind the "-"',
    ],
    [
      'no space behind the colon of an only field',
      'steps:\n  - id: tell\n    action: staff.notify\n    with:\n      text:您好',
      'steps.0.with is the text "text:您好", and an object is needed: write text: 您好, with a plain colon and a space behind it',
    ],
    [
      'a full-width colon behind an only field',
      'run:\n  cooldown：10m',
      'run is the text "cooldown：10m", and an object is needed: write cooldown: 10m, with a plain colon and a space behind it',
    ],
    [
      'a word with a colon that is no field',
      'scope: role:lead',
      'scope is the text "role:lead", and an object such as { departments: […] } is needed, with any of departments, staff, roles, apps, except',
    ],
    [
      'a trigger without a space behind its colon',
      'trigger:\n  event:customer.added',
      'trigger is the text "event:customer.added", and an object with one of event, command, message, schedule, manual is needed: write event: customer.added, with a plain colon and a space behind it',
    ],
  ])('%s', (_what, fields, ...problems) => {
    expect(problemsOf(fields)).toEqual(problems)
  })
})

describe('what is wrong with a trigger or a scope is said by its path, with what to write instead', () => {
  it.each<[string, string, ...string[]]>([
    [
      'no trigger',
      'trigger:',
      'trigger is empty, and an object with one of event, command, message, schedule, manual is needed',
    ],
    [
      'a trigger that is a text',
      'trigger: customer.added',
      'trigger is the text "customer.added", and an object with one of event, command, message, schedule, manual is needed',
    ],
    [
      'a misspelt trigger',
      'trigger: { evnt: customer.added }',
      'trigger has none of event, command, message, schedule, manual; did you mean event by evnt?',
    ],
    [
      'two triggers',
      'trigger: { event: customer.added, command: 客户 }',
      'trigger has event and command, and takes only one of them',
    ],
    [
      'a misspelt field of a trigger',
      'trigger: { event: customer.added, mach: {} }',
      'trigger.mach is no field here; did you mean match?',
    ],
    [
      'an event that does not exist',
      'trigger: { event: customer.add }',
      'trigger.event "customer.add" is not the name of an event; did you mean customer.added?',
    ],
    [
      'the tags of a customer as an event',
      'trigger: { event: customer.tagged }',
      'trigger.event "customer.tagged" is not the name of an event; tags, remarks and other changes come as customer.edited',
    ],
    [
      'a remark as an event',
      'trigger: { event: customer.remarked }',
      'trigger.event "customer.remarked" is not the name of an event; tags, remarks and other changes come as customer.edited',
    ],
    [
      'a changed customer as an event',
      'trigger: { event: customer.updated }',
      'trigger.event "customer.updated" is not the name of an event; tags, remarks and other changes come as customer.edited',
    ],
    [
      'an event from nowhere',
      'trigger: { event: 新增客户 }',
      'trigger.event "新增客户" is not the name of an event; there is message.text, message.image, message.voice, message.video, message.location, message.link, app.entered, app.subscribed, app.unsubscribed, app.location_reported, menu.clicked, menu.viewed, card.clicked, customer.added and 21 more',
    ],
    [
      'a match that is a plain value',
      'trigger: { event: customer.added, match: { state: fair } }',
      'trigger.match.state is the text "fair", and an object with one of eq, prefix, in is needed: write { eq: fair }, or { prefix: fair } for all that begins so',
    ],
    [
      'a match with a star',
      'trigger: { event: customer.added, match: { state: store-* } }',
      'trigger.match.state is the text "store-*", and an object with one of eq, prefix, in is needed: write { prefix: store- }',
    ],
    [
      'a match of several plain values',
      'trigger: { event: customer.added, match: { state: [a, b] } }',
      'trigger.match.state is a list, and an object with one of eq, prefix, in is needed: write { in: [store-01, store-02] }',
    ],
    [
      'an argument with a name in Chinese',
      'trigger: { command: 报价, args: [{ name: 型号, title: 型号, type: word }] }',
      'trigger.args.0.name "型号" is not a name such as who: letters a to z, digits and _ are allowed',
    ],
    [
      'a match that compares as none does',
      'trigger: { event: customer.added, match: { state: { regex: a } } }',
      'trigger.match.state has none of eq, prefix, in; for any other comparison, such as contains, write a when',
    ],
    [
      'a match that compares twice',
      'trigger: { event: customer.added, match: { state: { eq: a, prefix: b } } }',
      'trigger.match.state has eq and prefix, and takes only one of them',
    ],
    [
      'a match on a field that the event lacks',
      'trigger: { event: customer.added, match: { sate: { eq: a } } }',
      'trigger.match.sate is no field of customer.added; did you mean state?',
    ],
    [
      'a match of a text with a number',
      'trigger: { event: customer.added, match: { state: { eq: 2026 } } }',
      'trigger.match.state.eq is 2026, and a text is needed: write "2026"',
    ],
    [
      'a match of a yes or no with a text',
      'trigger: { event: customer.added, match: { half: { eq: "true" } } }',
      'trigger.match.half.eq is "true", and true or false is needed: write eq: true or eq: false',
    ],
    [
      'a beginning of a yes or no',
      'trigger: { event: customer.added, match: { half: { prefix: t } } }',
      'trigger.match.half.prefix is of true or false, which have no beginning; write eq',
    ],
    [
      'a match of one of several of the wrong type',
      'trigger: { event: customer.added, match: { state: { in: [a, 3] } } }',
      'trigger.match.state.in is 3, and a text is needed: write "3"',
    ],
    [
      'an empty list of matches',
      'trigger: { event: customer.added, match: { state: { in: [] } } }',
      'trigger.match.state.in is empty',
    ],
    [
      'a match on a list',
      'trigger: { event: group.member_joined, match: { members: { eq: wm1 } } }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.match.members is a list of text, and match compares single values; write a when with contains',
    ],
    [
      'a command of two words',
      'trigger: { command: 查 客户 }',
      'trigger.command "查 客户" holds white space',
    ],
    [
      'an alias that is the command',
      'trigger: { command: KH, aliases: [客户, ｋｈ] }',
      'trigger.aliases.1 "ｋｈ" is the same as command',
    ],
    [
      'an alias twice',
      'trigger: { command: 客户, aliases: [kh, KH] }',
      'trigger.aliases.1 "KH" is the same as aliases.0',
    ],
    [
      'a range that no number is in',
      'trigger: { command: 报备, args: [{ name: a, title: 金额, type: number, min: 2, max: 1 }] }',
      'trigger.args.0.min is 2, and max is 1: no number fits',
    ],
    [
      'a range of what is no number',
      'trigger: { command: 报备, args: [{ name: a, title: 金额, type: word, min: 2 }] }',
      'trigger.args.0.min is for numbers; write type: number',
    ],
    [
      'a number that is compared with a text',
      'trigger: { command: 报备, args: [{ name: a, title: 金额, type: number }] }\nsteps: [{ id: tell, action: reply, if: { path: args.a, is: gt, value: "0" }, with: { text: x } }]',
      'steps.0.if compares args.a, which is a number, with the text "0"; write 0, without quotes',
    ],
    [
      'an argument type that does not exist',
      'trigger: { command: 报价, args: [{ name: sku, title: 型号, type: string }] }',
      'trigger.args.0.type is the text "string"; write one of word, number, rest, tags',
    ],
    [
      'an argument after rest',
      'trigger: { command: 跟进, args: [{ name: text, title: 内容, type: rest }, { name: who, title: 客户, type: word }] }',
      'trigger.args.1 comes after text, which takes all that is left (rest); put text last',
    ],
    [
      'an argument after tags',
      'trigger: { command: 标签, args: [{ name: tags, title: 标签, type: tags }, { name: who, title: 客户, type: word }] }',
      'trigger.args.1 comes after tags, which takes all that is left (tags); put tags last',
    ],
    [
      'a required argument after an optional one',
      'trigger: { command: 跟进, args: [{ name: who, title: 客户, type: word, required: false }, { name: text, title: 内容, type: rest }] }',
      'trigger.args.1 is required and comes after who, which is not; put text first or give it required: false',
    ],
    [
      'two arguments of one name',
      'trigger: { command: 跟进, args: [{ name: a, title: 甲, type: word }, { name: a, title: 乙, type: word }] }',
      'trigger.args.1.name "a" is used twice',
    ],
    [
      'a role that does not exist',
      'trigger: { command: 客户, roles: [leader] }',
      'trigger.roles.0 is the text "leader"; write lead',
    ],
    [
      'a cron expression of six fields',
      'trigger: { schedule: "0 0 9 * * 1-5" }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.schedule "0 0 9 * * 1-5" is not a cron expression of five fields such as 0 9 * * 1-5',
    ],
    [
      'a cron expression with fields out of range',
      'trigger: { schedule: "0 25 * * 8" }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.schedule "0 25 * * 8" is no cron expression: "25" is no hour (0 to 23), "8" is no weekday (0 to 7, 1 is Monday)',
    ],
    [
      'a day that never comes',
      'trigger: { schedule: "0 9 31 2 *" }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.schedule "0 9 31 2 *" is never due: no month has such a day',
    ],
    [
      'all events of a kind',
      'trigger: { event: customer.* }',
      'trigger.event "customer.*" is not the name of an event, and a trigger takes one; there is customer.added, customer.confirmed, customer.edited, customer.removed, customer.lost, customer.archive_agreed, message.text, message.image, message.voice, message.video, message.location, message.link, app.entered, app.subscribed and 21 more',
    ],
    [
      'a message rule that is a word',
      'trigger: { message: 退款 }',
      'trigger.message is the text "退款", and an object is needed: write { contains: ["退款"] }',
    ],
    [
      'a schedule in words',
      'trigger: { schedule: 每天九点 }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.schedule "每天九点" is not a cron expression of five fields such as 0 9 * * 1-5',
    ],
    [
      'a manual trigger that says no',
      'trigger: { manual: no }',
      'trigger.manual is the text "no"; write true',
    ],
    [
      'a message rule of one word that is no list',
      'trigger: { message: { contains: 退款 } }',
      'trigger.message.contains is the text "退款", and a list is needed: write ["退款"]',
    ],
    [
      'an empty word in a message rule',
      'trigger: { message: { contains: [""] } }',
      'trigger.message.contains.0 is empty',
    ],
    [
      'a department that is a number',
      'scope: { departments: [3] }',
      'scope.departments.0 is the number 3, and a text is needed: write "3"',
    ],
    [
      'an exception of a role that nobody has',
      'scope: { except: ["role:boss", "role:lead"] }',
      'scope.except.0 names a role that nobody has; write role:admin, role:lead, role:staff',
    ],
    [
      'a department that is a number alone',
      'scope: { departments: 3 }',
      'scope.departments is the number 3, and a list is needed: write ["3"]',
    ],
    [
      'a scope that is a text',
      'scope: 销售部',
      'scope is the text "销售部", and an object such as { departments: […] } is needed, with any of departments, staff, roles, apps, except',
    ],
    [
      'a scope of a schedule',
      'trigger: { schedule: "0 9 * * *" }\nscope: { departments: ["3"] }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'scope.departments fits nothing: a schedule is about no staff member; leave it out',
    ],
    [
      'a scope of an event about nobody',
      'trigger: { event: tag.created }\nscope: { staff: [lina], roles: [lead] }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'scope.staff fits nothing: tag.created is about no staff member; leave it out',
      'scope.roles fits nothing: tag.created is about no staff member; leave it out',
    ],
    [
      'an app of an event of the corp',
      'scope: { apps: ["1000002"] }',
      'scope.apps fits nothing: customer.added comes to no app of its own; leave it out',
    ],
    [
      'an app of a manual start',
      'trigger: { manual: true }\nscope: { apps: ["1000002"] }',
      'scope.apps fits nothing: a manual start comes to no app of its own; leave it out',
    ],
    [
      'a match on whom the event does not name',
      'trigger: { event: group.created, match: { userid: { eq: lina }, agentId: { eq: "1" } } }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'trigger.match.userid is no field of group.created; there is msgId, corpId, chatId',
      'trigger.match.agentId is no field of group.created; there is msgId, corpId, chatId',
    ],
    [
      'a name that objects hide',
      'trigger: { event: customer.added, match: { "__proto__": { eq: x } } }',
      'trigger.match names "__proto__"',
    ],
  ])('%s', (_what, fields, ...problems) => {
    expect(problemsOf(fields)).toEqual(problems)
  })
})

describe('what is wrong with a step is said by its path, with what to write instead', () => {
  it.each<[string, string, ...string[]]>([
    ['a step without an action', 'steps: [{ id: a }]', 'steps.0.action is missing; a text is needed'],
    [
      'an action that does not exist',
      'steps: [{ id: a, action: staff.notfy, with: {} }]',
      'steps.0.action "staff.notfy" is not an action; did you mean staff.notify?',
    ],
    [
      'everybody, told as members are',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead, "@all"], text: x } }]',
      'steps.0.with.to.1 "@all" is everybody, and notices go to members; write userids, staff, lead, leads or admin, or use app.send',
    ],
    [
      'facts that are no text, written out',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: "{{ customer }} {{ staff.name }}" } }, { id: b, action: staff.notify, with: { to: [lead], text: "{{steps.a.output}}" } }]',
      'steps.0.with.text writes out customer, which has parts and is no text: name one of them',
      'steps.1.with.text writes out steps.a.output, which has parts and is no text: name one of them',
    ],
    [
      'a step id with a space',
      'steps: [{ id: a b, action: staff.notify, with: { to: [lead], text: x } }]',
      'steps.0.id "a b" is not a name such as welcome: letters a to z, digits, - and _ are allowed',
    ],
    [
      'two steps of one id',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: x } }, { id: a, action: staff.notify, with: { to: [lead], text: x } }]',
      'steps.1.id "a" is used twice',
    ],
    [
      'a retry that is a number',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: x }, retry: 3 }]',
      'steps.0.retry is the number 3, and an object is needed: write { max: 3 }',
    ],
    [
      'a retry without end',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: x }, retry: { max: 11 } }]',
      'steps.0.retry.max is the number 11; 10 is the most',
    ],
    [
      'a parameter that is missing',
      'steps: [{ id: a, action: staff.notify, with: { text: x } }]',
      'steps.0.with.to is missing; a list is needed',
    ],
    [
      'a misspelt parameter',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], txt: x } }]',
      'steps.0.with.text is missing; a text is needed',
      'steps.0.with.txt is no field here; did you mean text?',
    ],
    [
      'a parameter of another name',
      'steps: [{ id: a, action: customer.tag, with: { tags: [VIP] } }]',
      'steps.0.with.tags is no field here; there is customer, add, remove',
    ],
    [
      'a misspelt parameter alone',
      'steps: [{ id: a, action: reply, with: { txt: 您好 } }]',
      'steps.0.with.txt is no field here; did you mean text?',
      'steps.0.with has none of text, markdown, image, voice, video, file, textcard, news, mpnews, miniprogram_notice, template_card: a message has exactly one content',
    ],
    [
      'a template that is not closed in a later line',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "a\\n{% if customer.name %}" } }]',
      'steps.0.with.text is no template that can be filled: tag {% if customer.name %} not closed, in line 2 of this text',
    ],
    [
      'a parameter that is no list',
      'steps: [{ id: a, action: staff.notify, with: { to: lead, text: x } }]',
      'steps.0.with.to is the text "lead", and a list is needed: write ["lead"]',
    ],
    [
      'a list in full-width brackets',
      'steps: [{ id: a, action: staff.notify, with: { to: 【lead，lina】, text: x } }]',
      'steps.0.with.to is the text "【lead，lina】", and a list is needed, whose brackets are plain: write ["lead", "lina"]',
    ],
    [
      'recipients of a message in a list',
      'steps: [{ id: a, action: app.send, with: { to: ["name:展厅组"], text: 好 } }]',
      'steps.0.with.to is a list, and an object such as { users: […] } is needed, with any of users, departments, tags',
    ],
    [
      'a title of a card that is a text',
      'steps: [{ id: a, action: app.send, with: { to: { users: [lina] }, template_card: { card_type: text_notice, main_title: 报销, card_action: { type: 1, url: "https://x.example" } } } }]',
      'steps.0.with.template_card.main_title is the text "报销", and an object such as { title: … } is needed, with any of title, desc',
    ],
    [
      'several where a list is needed',
      'trigger: { message: { contains: 报销、发票 } }',
      'trigger.message.contains is the text "报销、发票", and a list is needed: write ["报销", "发票"], or ["报销、发票"] where it is one',
    ],
    [
      'a parameter in the list of the wrong type',
      'steps: [{ id: a, action: staff.notify, with: { to: [1], text: x } }]',
      'steps.0.with.to.0 is the number 1, and a text is needed: write "1"',
    ],
    [
      'a welcome of nothing',
      'steps: [{ id: a, action: welcome.send }]',
      'steps.0.with has neither text nor materials',
    ],
    [
      'a welcome that no code comes for',
      'trigger: { event: customer.lost }\nsteps: [{ id: a, action: welcome.send, with: { text: x } }]',
      'steps.0.action "welcome.send" needs a welcome code, which customer.added alone has; those of confirmations and archive consents are used for it',
    ],
    [
      'a welcome by command',
      'trigger: { command: 欢迎 }\nsteps: [{ id: a, action: welcome.send, with: { text: x } }]',
      'steps.0.action "welcome.send" needs a welcome code, which customer.added alone has; those of confirmations and archive consents are used for it',
    ],
    [
      'a step that waits',
      'steps: [{ id: a, action: wait, with: { minutes: 5 } }]',
      'steps.0.action "wait" is not an action; a step does not wait: write handler.schedule, which starts another handler later',
    ],
    [
      'an argument that is an object',
      'steps: [{ id: a, action: handler.schedule, with: { handler: x, after: 3d, args: { x: { a: 1 } } } }]',
      'steps.0.with.args.x is an object, and a text or a number or true or false or a list is needed',
    ],
    [
      'two welcomes',
      'steps: [{ id: a, action: welcome.send, with: { text: x } }, { id: b, action: welcome.send, with: { text: y } }]',
      'steps.1.action sends a second welcome: steps.a sends the welcome already, and there is one for each add',
    ],
    [
      'a tag by schedule',
      'trigger: { schedule: "0 9 * * *" }\nsteps: [{ id: a, action: customer.tag, with: { add: [VIP] } }]',
      'steps.0.action "customer.tag" needs a staff member, and a schedule is about nobody',
    ],
    [
      'a tag on a message',
      'trigger: { message: { contains: [退款] } }\nsteps: [{ id: a, action: customer.tag, with: { add: [VIP] } }]',
      'steps.0.action "customer.tag" needs a customer, and a message is about none',
    ],
    [
      'a tag by a command that names nobody',
      'trigger: { command: 打标 }\nsteps: [{ id: a, action: customer.tag, with: { add: [VIP] } }]',
      'steps.0.action "customer.tag" needs a customer, and a command is about none; write customer: "{{ args.… }}" in its with',
    ],
    [
      'an answer to a schedule',
      'trigger: { schedule: "0 9 * * *" }\nsteps: [{ id: a, action: reply, with: { text: x } }]',
      'steps.0.action "reply" needs a staff member, and a schedule is about nobody',
    ],
    [
      'the leads of a group event',
      'trigger: { event: group.member_joined }\nsteps: [{ id: a, action: staff.notify, with: { to: [lead], text: "{{ staff.name }}" } }]',
      'steps.0.with.to.0 is lead, and group.member_joined is about nobody; write userids, leads or admin',
      'steps.0.with.text names staff.name, and group.member_joined is about nobody',
    ],
    [
      'the staff member of a schedule, as a recipient of an app message',
      'trigger: { schedule: "0 9 * * *" }\nsteps: [{ id: a, action: app.send, with: { to: { users: [zhouming, staff] }, text: x } }]',
      'steps.0.with.to.users.1 is staff, and a schedule is about nobody; write userids, leads or admin',
    ],
    [
      'leads of a schedule, mentioned by a robot',
      'trigger: { schedule: "0 9 * * *" }\nsteps: [{ id: a, action: robot.send, with: { robot: 销售群, mention: [lead, admin], text: x } }]',
      'steps.0.with.mention.0 is lead, and a schedule is about nobody; write userids, leads or admin',
    ],
    [
      'an answer to an event about nobody',
      'trigger: { event: batch.finished }\nsteps: [{ id: a, action: reply, with: { text: x } }]',
      'steps.0.action "reply" needs a staff member, and batch.finished is about nobody',
    ],
    [
      'a template that is not closed',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ customer.name" } }]',
      'steps.0.with.text is no template that can be filled: output "{{ customer.name" not closed',
    ],
    [
      'a filter that does not exist',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ customer.name | defualt: 1 }}" } }]',
      'steps.0.with.text is no template that can be filled: there is no filter defualt; did you mean default?',
    ],
    [
      'a tag list that is one template of a text',
      "steps: [{ id: a, action: customer.tag, with: { add: '{{ follow.tags }}', remove: VIP } }]",
      'steps.0.with.remove is the text "VIP", and a list is needed: write ["VIP"]',
    ],
    [
      'the leads of a schedule',
      'trigger: { schedule: "0 9 * * *" }\nsteps: [{ id: a, action: staff.notify, with: { to: [zhouming, lead], text: "{{ staff.name }}" } }]',
      'steps.0.with.to.1 is lead, and a schedule is about nobody; write userids, leads or admin',
      'steps.0.with.text names staff.name, and a schedule is about nobody',
    ],
  ])('%s', (_what, fields, ...problems) => {
    expect(problemsOf(fields)).toEqual(problems)
  })
})

describe('what is wrong with a fact in a text is said by its path, with what to write instead', () => {
  it.each<[string, string, ...string[]]>([
    [
      'a misspelt fact in a text',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ customer.nmae }}您好" } }]',
      'steps.0.with.text names customer.nmae, which is no fact; did you mean customer.name?',
    ],
    [
      'a misspelt group of facts',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ custmer.name }}您好" } }]',
      'steps.0.with.text names "custmer", which is none of event, corp, staff, customer, follow, time, args, steps, run; did you mean customer?',
    ],
    [
      'a fact that is nothing like any',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ customer.birthday }}" } }]',
      'steps.0.with.text names customer.birthday, which is no fact; there is customer.externalUserid, customer.name, customer.type, customer.gender, customer.corpName, customer.position, customer.tags',
    ],
    [
      'a field that the event lacks in a text',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ event.sate }}" } }]',
      'steps.0.with.text names event.sate, which customer.added does not have; did you mean event.state?',
    ],
    [
      'the userid of the event',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ event.userid }}" } }]',
      'steps.0.with.text names event.userid, which customer.added does not have; write staff.userid',
    ],
    [
      'a part of a text fact',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ customer.name.first }}" } }]',
      'steps.0.with.text names customer.name.first, and customer.name is a text without parts',
    ],
    [
      'an argument without a command',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ args.name }}" } }]',
      'steps.0.with.text names args.name, and only commands and manual handlers have arguments',
    ],
    [
      'an argument that the command lacks',
      'trigger: { command: 报价, args: [{ name: sku, title: 型号, type: word }] }\nsteps: [{ id: a, action: reply, with: { text: "{{ args.skuu }}" } }]',
      'steps.0.with.text names args.skuu, which the command does not have; did you mean args.sku?',
    ],
    [
      'a part of tags that there is not',
      'trigger: { command: 标签, args: [{ name: tags, title: 标签, type: tags }] }\nsteps: [{ id: a, action: reply, with: { text: "{{ args.tags.added }}" } }]',
      'steps.0.with.text names args.tags.added, and tags have add and remove',
    ],
    [
      'the customer of a command',
      'trigger: { command: 报价 }\nsteps: [{ id: a, action: reply, with: { text: "{{ customer.name }}" } }]',
      'steps.0.with.text names customer.name, and a command is about no customer; let a step find one, such as customer.show, and write steps.<id>.output',
    ],
    [
      'a step that does not exist',
      'steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: "{{ steps.tag.ok }}" } }]',
      'steps.0.with.text names steps.tag, which is no earlier step',
    ],
    [
      'a step that comes later',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: "{{ steps.b.ok }}" } }, { id: b, action: staff.notify, with: { to: [lead], text: x } }]',
      'steps.0.with.text names steps.b, which has not run there yet',
    ],
    [
      'a step itself',
      'steps: [{ id: a, if: { path: steps.a.ok, is: eq, value: true }, action: staff.notify, with: { to: [lead], text: x } }]',
      'steps.0.if names steps.a, which has not run there yet',
    ],
    [
      'a part that steps do not have',
      'steps: [{ id: a, action: staff.notify, with: { to: [lead], text: x } }, { id: b, if: { path: steps.a.state, is: eq, value: done }, action: staff.notify, with: { to: [lead], text: x } }]',
      'steps.1.if names steps.a.state, and a step has ok and output',
    ],
    [
      'an output that the action does not give',
      'steps: [{ id: a, action: customer.tag, with: { add: [VIP] } }, { id: b, action: staff.notify, with: { to: [lead], text: "{{ steps.a.output.tags }}" } }]',
      'steps.1.with.text names steps.a.output.tags, which the step does not give; there is steps.a.output.added, steps.a.output.removed, steps.a.output.text',
    ],
  ])('%s', (_what, fields, ...problems) => {
    expect(problemsOf(fields)).toEqual(problems)
  })
})

/** Steps that say a text. */
function saying(text: string): string {
  return `steps: [{ id: tell, action: staff.notify, with: { to: [lead], text: ${JSON.stringify(text)} } }]`
}

describe('a fact in braces that fill in nothing', () => {
  it.each<[string, ...string[]]>([
    [
      '｛｛customer.name｝｝您好',
      'says ｛｛customer.name｝｝ as it stands: full-width braces fill in nothing; write {{ customer.name }}',
    ],
    [
      "｛｛ customer.name | default: '朋友' ｝｝您好",
      "says ｛｛ customer.name | default: '朋友' ｝｝ as it stands: full-width braces fill in nothing; write {{ customer.name | default: '朋友' }}",
    ],
    [
      '{{ customer.name }}，｛customer.nmae｝｛｛customer.nmae｝｝',
      'says ｛｛customer.nmae｝｝ as it stands: full-width braces fill in nothing; write {{ customer.nmae }}',
    ],
    [
      '{｛event.state｝}',
      'says {｛event.state｝} as it stands: full-width braces fill in nothing; write {{ event.state }}',
    ],
    [
      '{customer.name}您好，{ staff.name }',
      'says {customer.name} as it stands: single braces fill in nothing; write {{ customer.name }}',
      'says { staff.name } as it stands: single braces fill in nothing; write {{ staff.name }}',
    ],
    [
      '$\u007Bfollow.days}',
      'says {follow.days} as it stands: single braces fill in nothing; write {{ follow.days }}',
    ],
  ])('is refused in %s', (text, ...problems) => {
    expect(problemsOf(saying(text))).toEqual(problems.map(problem => `steps.0.with.text ${problem}`))
  })

  it('is refused wherever a text stands', () => {
    const news = '[{ title: "{customer.name}的画册", url: "https://x.example" }]'
    expect(
      problemsOf(`steps: [{ id: a, action: app.send, with: { to: { users: [lina] }, news: ${news} } }]`),
    ).toEqual([
      'steps.0.with.news.0.title says {customer.name} as it stands: single braces fill in nothing; write {{ customer.name }}',
    ])
  })

  it.each([
    '{抖音} {name} {a.b} {customer.birthday} {customer} {"customer.name": 1}',
    '｛｛抖音｝｝ ｛(>_<)｝ ｛｛｛(>_<)｝｝｝ ｛www.example.com｝ ｛｛www.example.com｝｝',
    "{{ '{customer.name}' }}{{ '｛｛customer.name｝｝' }}",
    '{% raw %}{customer.name} {{ customer.name }}{% endraw %}',
    "{% assign x = '{customer.name}' %}{{customer.name}}",
    'https://x.example/{id}?q={q.name}',
  ])('may stand there on purpose, and other braces may: %s', text => {
    expect(problemsOf(saying(text))).toEqual([])
  })
})

describe('a template that LiquidJS refuses, or takes otherwise than it was meant', () => {
  const isNone = 'is no template that can be filled:'
  it.each<[string, string, ...string[]]>([
    [
      'a full-width colon',
      "{{ customer.name | default：'朋友' }}",
      `${isNone} the colon behind "default" is full-width (：); write a plain one and a space: "default: "`,
    ],
    [
      'one in a later line',
      "{{ staff.name }}：\n{{ customer.name | upcase： | default: '：' }}",
      `${isNone} the colon behind "upcase" is full-width (：); write a plain one and a space: "upcase: ", in line 2 of this text`,
    ],
    [
      'a full-width bar',
      "{{ customer.name ｜ default: '朋友' }}",
      `${isNone} the bar before a filter is full-width (｜); write a plain one: |`,
    ],
    [
      'a full-width comma',
      "{{ customer.name，default: '朋友' }}",
      `${isNone} a full-width comma (，) stands behind the value; before a filter write |`,
    ],
    [
      'no colon',
      "{{ customer.name | default '朋友' }}",
      `${isNone} a colon is missing behind "default"; write "default: "`,
    ],
    [
      'curly quotes',
      '{{ customer.name | default: ‘朋友’ }}',
      "has curly quotes around ‘朋友’; write straight ones: '朋友'",
    ],
    [
      'double ones',
      '“{{ customer.name | default: “好 朋友” }}”',
      `${isNone} there are curly quotes around “好 朋友”; write straight ones: '好 朋友'`,
    ],
    [
      'curly quotes in a condition',
      "{% if customer.name == ‘朋友’ %}{{ staff.name | append: '‘亲’' }}{% endif %}",
      "has curly quotes around ‘朋友’; write straight ones: '朋友'",
    ],
    [
      'no quotes',
      '{{ customer.name | default: 朋友 }}',
      "has the text 朋友 without quotes; write default: '朋友'",
    ],
    [
      'none around a sign',
      "{{ follow.tags | join:、| append: '、' }}",
      "has the text 、 without quotes; write join: '、'",
    ],
    [
      'none around a text with a space',
      '{{ customer.name | default: my friend | upcase }}',
      `${isNone} the text my friend is without quotes; write default: 'my friend'`,
    ],
    [
      'none in a condition',
      '{% if customer.name == 朋友 %}您好{% endif %}',
      "has the text 朋友 without quotes; write '朋友'",
    ],
    [
      'none around the form of a date',
      '{{ time.date | date: YYYY年M月D日 }}',
      "has the text YYYY年M月D日 without quotes; write date: '%Y年%-m月%-d日'",
    ],
    [
      'a fact in Chinese',
      '{{ 客户姓名 }}',
      'names "客户姓名", which is none of event, corp, staff, customer, follow, time, args, steps, run',
    ],
    [
      'a misspelt fact behind a filter',
      '{{ customer.name | default: custmer.name }}',
      'names "custmer", which is none of event, corp, staff, customer, follow, time, args, steps, run; did you mean customer?',
    ],
    [
      'two bars',
      "{{ customer.name || '朋友' }}",
      `${isNone} || is no filter; for what may be missing write | default: '朋友'`,
    ],
    [
      'two bars before a filter',
      "{{ customer.name || default: '朋友' }}",
      `${isNone} || is no filter; write one |`,
    ],
    [
      'a comma for a bar',
      "{{ customer.name, default: '朋友' }}您好",
      "leaves out what stands behind the comma in {{ customer.name, default: '朋友' }}; write {{ customer.name | default: '朋友' }}",
    ],
    [
      'one behind a filter, in a branch',
      "{% if staff.name %}{{- customer.name | upcase, default: '朋友' -}}{% endif %}",
      "leaves out what stands behind the comma in {{ customer.name | upcase, default: '朋友' }}; write {{ customer.name | upcase | default: '朋友' }}",
    ],
    [
      'two facts with a comma between',
      '{{ customer.name, staff.name }}',
      'leaves out what stands behind the comma in {{ customer.name, staff.name }}; write it in braces of its own',
    ],
    ...(
      [
        ['YYYY-MM-DD', '%Y-%m-%d'],
        ['yyyy-mm-dd hh:mm:ss', '%Y-%m-%d %H:%M:%S'],
        ['yyyy年M月d日 H点m分', '%Y年%-m月%-d日 %-H点%-M分'],
        ['YY/MM/DD HH:MM', '%y/%m/%d %H:%M'],
        ['Y-m-d', '%Y-%-m-%-d'],
      ] as const
    ).map(([format, meant]): [string, string, string] => [
      `a date in other letters: ${format}`,
      `{{ time.date | date: '${format}' }}`,
      `has date: '${format}', whose letters would be sent as they stand; write date: '${meant}'`,
    ]),
    [
      'such a date in a tag',
      "{% for tag in follow.tags %}{% assign day = time.date | date: 'MM-DD' %}{{ tag }}{{ day }}{% endfor %}",
      "has date: 'MM-DD', whose letters would be sent as they stand; write date: '%m-%d'",
    ],
    [
      'a filter that is like no other',
      "{{ customer.name | 连接: '、' }}",
      `${isNone} undefined filter: 连接`,
    ],
  ])('%s', (_what, text, ...problems) => {
    expect(problemsOf(saying(text))).toEqual(problems.map(problem => `steps.0.with.text ${problem}`))
  })

  it.each([
    "{{ customer.name | default: '朋友', }}{{ customer.name, }}",
    "{{ customer.name | replace: '，', ', ' }}",
    "{{ 'now' | date: '今天' }}{{ 'now' | date: '年月日' }}{{ 'now' | date: '%Y年MM' }}{{ 'now' | date: 'May' }}",
    "{{ 'YYYY-MM-DD' | upcase }}{{ customer.name | append: 'YYYY' }}{{ 'now' | date }}",
    "{% raw %}{{ a, default: 'x' }}{% endraw %}{% comment %}{{ a, default: 'x' }}{% endcomment %}",
  ])('may hold what looks like it: %s', text => {
    expect(problemsOf(saying(text))).toEqual([])
  })
})

describe('what is wrong with a condition is said by its path, with what to write instead', () => {
  it.each<[string, string, ...string[]]>([
    [
      'the customer of a schedule',
      'trigger: { schedule: "0 9 * * *" }\nwhen: { path: follow.days, is: gt, value: 3 }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'when names follow.days, and a schedule is about no customer',
    ],
    [
      'a step in when',
      'when: { path: steps.tell.ok, is: eq, value: true }',
      'when names steps.tell, which has not run there yet',
    ],
    [
      'a misspelt fact in a condition',
      'when: { path: follow.tag, is: contains, value: VIP }',
      'when names follow.tag, which is no fact; did you mean follow.tags?',
    ],
    [
      'a misspelt comparison',
      'when: { path: follow.tags, is: contain, value: VIP }',
      'when.is is the text "contain"; write contains',
    ],
    [
      'a misspelt field of a condition',
      'when: { pth: follow.tags, is: contains, value: VIP }',
      'when.path is missing; a text is needed',
      'when.pth is no field here; did you mean path?',
    ],
    [
      'a condition of two forms',
      'when: { all: [{ path: time.hour, is: gt, value: 9 }], any: [{ path: time.hour, is: gt, value: 9 }] }',
      'when has all and any, and takes only one of them; put one inside the other',
    ],
    [
      'a condition that is a text',
      'when: time.inOffice',
      'when is the text "time.inOffice", and an object with one of all, any, not, path is needed: write { path: time.inOffice, is: eq, value: true }, or another comparison',
    ],
    ['an empty all', 'when: { all: [] }', 'when.all is empty'],
    [
      'a wrong part deep down',
      'when: { all: [{ any: [{ path: time.hour, is: gt, value: 9 }, { not: { path: time.hour, is: gt, value: "9" } }] }] }',
      'when.all.0.any.1.not compares time.hour, which is a number, with the text "9"; write 9, without quotes',
    ],
    [
      'in without a list',
      'when: { path: customer.name, is: in, value: 张三 }',
      'when has "张三" as its value, and in needs a list: write ["张三"]',
    ],
    [
      'exists with a value',
      'when: { path: customer.name, is: exists, value: true }',
      'when has a value, and exists takes none',
    ],
    [
      'gt of a list',
      'when: { path: follow.tags, is: gt, value: 3 }',
      'when asks gt of follow.tags, which is a list of text; write contains, exists',
    ],
    [
      'eq of a list',
      'when: { path: follow.tags, is: eq, value: VIP }',
      'when asks eq of follow.tags, which is a list of text; write contains, exists',
    ],
    [
      'contains of a number',
      'when: { path: time.hour, is: contains, value: 9 }',
      'when asks contains of time.hour, which is a number; write eq, ne, in, gt, gte, lt, lte, exists',
    ],
    ['a comparison without a value', 'when: { path: time.hour, is: gt }', 'when has no value; gt needs one'],
    [
      'a number that is a text',
      'when: { path: time.hour, is: gt, value: "21" }',
      'when compares time.hour, which is a number, with the text "21"; write 21, without quotes',
    ],
    [
      'a yes or no that is a text',
      'when: { path: time.inOffice, is: eq, value: no }',
      'when compares time.inOffice, which is a boolean, with the text "no"; write true or false, without quotes',
    ],
    [
      'a text that is a number',
      'when: { path: follow.state, is: eq, value: 2026 }',
      'when compares follow.state, which is a text, with the number 2026; write "2026"',
    ],
    [
      'several values where one is needed',
      'when: { path: follow.tags, is: contains, value: [VIP, 老客户] }',
      'when has a list as its value, and contains takes one; write any of several contains',
    ],
    [
      'a template in a condition',
      'when: { path: follow.state, is: eq, value: "{{ event.state }}" }',
      'when has a template as its value, and conditions compare with what stands there',
    ],
    [
      'a stage that does not exist',
      'when: { path: follow.stage, is: eq, value: 已成单 }',
      'when compares follow.stage with "已成单", which it never is; write 已成交',
    ],
    [
      'a time of day in another form',
      'when: { path: time.time, is: gte, value: "9:00" }',
      'when compares time.time with "9:00"; write "09:00"',
    ],
    ...(
      [
        ['time.time', '22:00:00', '"22:00"'],
        ['time.time', '“22:00”', '"22:00"'],
        ['time.time', '22：00', '"22:00"'],
        ['time.time', '9点', '"09:00"'],
        ['time.time', '24:00', '"23:59" for the last minute of a day, "00:00" for the first'],
        ['time.time', '25:00', 'it in the form "09:05"'],
        ['time.time', '晚上', 'it in the form "09:05"'],
        ['time.date', '2026/3/1', '"2026-03-01"'],
        ['time.date', '2026年3月1日', '"2026-03-01"'],
        ['follow.addedAt', '2026-3-1 9:05', '"2026-03-01 09:05"'],
        ['follow.addedAt', '2026.3.1', '"2026-03-01"'],
      ] as const
    ).map(([path, value, instead]): [string, string, string] => [
      `${path} in another form: ${value}`,
      `when: { path: ${path}, is: lte, value: '${value}' }`,
      `when compares ${path} with "${value}"; write ${instead}`,
    ]),
    [
      'a list',
      'when: [{ path: time.hour, is: gt, value: 9 }]',
      'when is a list, and an object with one of all, any, not, path is needed: write all: above it, or any: where one of them is enough',
    ],
    [
      'a list in a step',
      'steps: [{ id: a, action: staff.notify, if: [{ path: time.hour, is: gt, value: 9 }], with: { to: [lead], text: x } }]',
      'steps.0.if is a list, and an object with one of all, any, not, path is needed: write all: above it, or any: where one of them is enough',
    ],
    [
      'a fact below another root',
      'when: { path: customer.stage, is: eq, value: 已成交 }',
      'when names customer.stage, which is no fact; did you mean follow.stage?',
    ],
    [
      'a fact below one of several other roots',
      'when: { path: follow.name, is: eq, value: 张三 }',
      'when names follow.name, which is no fact; did you mean customer.name or staff.name?',
    ],
    [
      'a fact that was looked for in the event',
      'when: { path: event.tags, is: contains, value: VIP }',
      'when names event.tags, which customer.added does not have; did you mean customer.tags or follow.tags?',
    ],
    [
      'a tag with its group',
      'when: { path: follow.tags, is: contains, value: 渠道/春展 }',
      'when asks follow.tags for "渠道/春展", and its tags stand without their groups; write follow.groupedTags',
    ],
    [
      'a tag of any colleague with its group',
      'when: { path: customer.tags, is: contains, value: 客户状态/VIP }',
      'when asks customer.tags for "客户状态/VIP", and its tags stand without their groups; write "VIP"',
    ],
    [
      'a tag without its group',
      'when: { path: follow.groupedTags, is: contains, value: VIP }',
      'when asks follow.groupedTags for "VIP", and its tags stand with their groups; write "组/VIP" with the name of the group, or follow.tags',
    ],
    [
      'a department by its name',
      'when: { path: staff.departments, is: contains, value: "name:线上组" }',
      'when asks staff.departments for "name:线上组", and departments stand there by their ids; write an id such as "3", or name it in scope.departments',
    ],
    [
      'a weekday that there is not',
      'when: { path: time.weekday, is: eq, value: 8 }',
      'when compares time.weekday with 8, and it is a whole number from 1 to 7',
    ],
    [
      'a weekday that it always is other than',
      'when: { path: time.weekday, is: ne, value: 0 }',
      'when compares time.weekday with 0, and it is a whole number from 1 to 7',
    ],
    [
      'an hour among several that there is not',
      'when: { path: time.hour, is: in, value: [23, 24] }',
      'when compares time.hour with 24, and it is a whole number from 0 to 23',
    ],
    [
      'an hour after the last one',
      'when: { path: time.hour, is: gt, value: 23 }',
      'when compares time.hour with 23, and it is a whole number from 0 to 23',
    ],
    [
      'half an hour',
      'when: { path: time.hour, is: eq, value: 9.5 }',
      'when compares time.hour with 9.5, and it is a whole number from 0 to 23',
    ],
    [
      'a time over midnight in one all',
      'when: { all: [{ path: time.time, is: gte, value: "21:00" }, { path: time.time, is: lt, value: "09:00" }] }',
      'when.all.1 asks time.time for lt "09:00", and when.all.0 for gte "21:00": both never hold at once; where one is enough, write any instead of all',
    ],
    [
      'two values of one fact in one all, deep down',
      'when: { any: [{ all: [{ path: follow.state, is: eq, value: a }, { path: time.hour, is: gt, value: 9 }, { path: follow.state, is: in, value: [b, c] }] }] }',
      'when.any.0.all.2 asks follow.state for in ["b","c"], and when.any.0.all.0 for eq "a": both never hold at once; where one is enough, write any instead of all',
    ],
    [
      'whole numbers with none between',
      'when: { all: [{ path: time.hour, is: gt, value: 9 }, { path: time.hour, is: lt, value: 10 }] }',
      'when.all.1 asks time.hour for lt 10, and when.all.0 for gt 9: both never hold at once; where one is enough, write any instead of all',
    ],
    [
      'nothing and not nothing',
      'when: { all: [{ path: follow.state, is: eq, value: "" }, { path: follow.state, is: exists }] }',
      'when.all.1 asks follow.state for exists, and when.all.0 for eq "": both never hold at once; where one is enough, write any instead of all',
    ],
    [
      'a beginning that everything has',
      'when: { path: follow.state, is: prefix, value: "" }',
      'when has an empty text as its value, which fits everything',
    ],
    [
      'a path that is none',
      'when: { path: "follow tags", is: exists }',
      'when.path "follow tags" is not a path of facts such as follow.tags',
    ],
    [
      'a customer of a group event',
      'trigger: { event: group.created }\nwhen: { path: customer.name, is: exists }\nsteps: [{ id: a, action: staff.notify, with: { to: [lina], text: x } }]',
      'when names customer.name, and group.created is about no customer',
    ],
    [
      'an office hour on the wrong side',
      'when: { path: time.inoffice, is: eq, value: false }',
      'when names time.inoffice, which is no fact; did you mean time.inOffice?',
    ],
    [
      'a number in a list of texts',
      'when: { path: follow.state, is: in, value: [a, 3] }',
      'when compares follow.state, which is a text, with the number 3; write "3"',
    ],
    [
      'a field of the event that it lacks',
      'when: { path: event.sate, is: eq, value: x }',
      'when names event.sate, which customer.added does not have; did you mean event.state?',
    ],
  ])('%s', (_what, fields, ...problems) => {
    expect(problemsOf(fields)).toEqual(problems)
  })
})

describe('comparisons of one fact', () => {
  it.each([
    'all: [{ path: time.time, is: gte, value: "09:00" }, { path: time.time, is: lt, value: "21:00" }]',
    'all: [{ path: time.hour, is: gte, value: 21 }, { path: time.hour, is: lt, value: 24 }]',
    'all: [{ path: follow.tags, is: contains, value: 甲 }, { path: follow.tags, is: contains, value: 乙 }]',
    'all: [{ path: staff.userid, is: eq, value: LiNa }, { path: staff.userid, is: in, value: [lina, wudi] }]',
    'all: [{ path: follow.state, is: prefix, value: a }, { path: follow.state, is: ne, value: ab }]',
    'all: [{ path: follow.days, is: gt, value: 3 }, { path: follow.days, is: ne, value: 5 }]',
    'any: [{ path: time.time, is: gte, value: "21:00" }, { path: time.time, is: lt, value: "09:00" }]',
    'all: [{ path: time.time, is: gte, value: "21:00" }, { not: { path: time.time, is: lt, value: "09:00" } }]',
    'all: [{ path: follow.stage, is: ne, value: 已成交 }, { path: follow.stage, is: ne, value: 已流失 }]',
  ])('may hold at once: %s', when => {
    expect(problemsOf(`when: { ${when} }`)).toEqual([])
  })
})
