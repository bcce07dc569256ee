import { describe, expect, it } from 'vitest'
import { compileValue, TemplateError } from './references.ts'

const facts = {
  corp: { name: '木棠家居' },
  customer: { name: '张三' },
  follow: { tags: ['VIP', '春展'] },
  args: { tags: { add: ['VIP'], remove: [] } },
  time: { hour: 21 },
}
const fill = (value: unknown, over: object = {}) => compileValue(value).fill({ ...facts, ...over })

describe('a value of a step', () => {
  it('keeps the type of what it refers to when it is one reference and nothing else', () => {
    expect(fill('{{ args.tags.add }}')).toEqual(['VIP'])
    expect(fill('{{time.hour}}')).toBe(21)
    expect(fill('{{ customer.gone }}')).toBeUndefined()
    expect(fill('{{ follow.tags.size }}')).toBe(2)
    expect(fill('{{ follow.tags.last }}')).toBe('春展')
  })

  it('is text when a reference stands in text', () => {
    expect(fill('{{ customer.name }}您好，现在 {{ time.hour }} 点')).toBe('张三您好，现在 21 点')
    expect(fill("{{ customer.gone | default: '朋友' }}您好")).toBe('朋友您好')
    expect(fill('{{ follow.tags.size }} 个，{{ customer.name.size }} 字')).toBe('2 个，2 字')
  })

  it('says a list with 、 between its entries, unless it says how', () => {
    expect(fill('标签：{{ follow.tags }}')).toBe('标签：VIP、春展')
    expect(fill("{{ follow.tags | join: '/' }}，{{ follow.tags | default: '无' }}")).toBe(
      'VIP/春展，VIP、春展',
    )
    expect(fill("标签：{{ follow.tags | default: '无' }}{{ gone }}", { follow: { tags: [] } })).toBe(
      '标签：无',
    )
    expect(fill('{% for tag in follow.tags %}{{ tag }}{% endfor %} {{ time.hour }} {{ true }}')).toBe(
      'VIP春展 21 true',
    )
  })

  it('is filled part by part where it is a list or an object, and names what it reads', () => {
    const value = { to: ['staff', '{{ customer.name }}'], more: { hour: '{{ time.hour }}', limit: 3 } }
    const filled = compileValue(value)
    expect(filled.fill(facts)).toEqual({ to: ['staff', '张三'], more: { hour: 21, limit: 3 } })
    expect(filled.names.sort()).toEqual(['customer', 'time'])
  })

  it.each([null, true, 0, '', '没有模板 { } % }}'])('%j stays as it is', value => {
    expect(fill(value)).toBe(value)
  })
})

describe('what a person wrote into a fact', () => {
  it.each(['{{ corp.name }}', '{% if true %}x{% endif %}', '{{', '<b>&amp;"\'', '$& $1 \\1', '张\n三 🙂'])(
    'comes out literally: %j',
    name => {
      const customer = { name }
      expect(fill('{{ customer.name }}', { customer })).toBe(name)
      expect(fill('您好 {{ customer.name }}！', { customer })).toBe(`您好 ${name}！`)
      expect(fill('{% for tag in follow.tags %}{{ tag }}{% endfor %}', { follow: { tags: [name] } })).toBe(
        name,
      )
    },
  )
})

describe('a time in a text', () => {
  const corp = { timeZone: 'Asia/Shanghai' }
  const told = (template: string, value: unknown, zone = corp) =>
    fill(template, { corp: zone, follow: { addedAt: value } })

  it('is told by the clocks of the corp', () => {
    const template = "{{ follow.addedAt | date: '%m-%d %H:%M %z' }}"
    expect(told(template, '2026-03-01T18:05:00Z')).toBe('03-02 02:05 +0800')
    expect(told(template, 1_772_388_300)).toBe('03-02 02:05 +0800')
    expect(told("{{ follow.addedAt | date: '%H', 'America/New_York' }}", '2026-03-01T18:05:00Z')).toBe('13')
    const hour = new Intl.DateTimeFormat('en', {
      timeZone: 'Asia/Kolkata',
      hour: '2-digit',
      hourCycle: 'h23',
    })
    const [before, shown, after] = [
      hour.format(new Date()),
      told("{{ 'now' | date: '%H' }}", '', { timeZone: 'Asia/Kolkata' }),
      hour.format(new Date()),
    ]
    expect([before, after]).toContain(shown)
  })

  it('is read by them where it is a fact', () => {
    const template = "{{ follow.addedAt | date: '%Y年%-m月%-d日 %H:%M %z' }}"
    expect(told(template, '2026-03-01 18:05')).toBe('2026年3月1日 18:05 +0800')
    expect(told(template, '2026-03-01')).toBe('2026年3月1日 00:00 +0800')
    expect(
      told('{{ follow.addedAt | date_to_xmlschema }}', '2026-07-01 18:05', { timeZone: 'Europe/Berlin' }),
    ).toBe('2026-07-01T18:05:00+02:00')
    expect(told("{{ follow.addedAt | date: '%H' }}", '明天')).toBe('明天')
  })
})

describe('a template', () => {
  it('changes no fact for the texts after it', () => {
    const mine = { staff: { name: '李娜' } }
    compileValue('{% increment staff %}{% assign staff = 1 %}{% capture staff %}{% endcapture %}').fill(mine)
    expect(mine).toEqual({ staff: { name: '李娜' } })
  })

  it('sees own properties only', () => {
    expect(fill('[{{ customer.constructor }}{{ customer.__proto__.x }}{{ customer.toString }}]')).toBe('[]')
    expect(fill('{{ customer.constructor }}')).toBeUndefined()
  })

  it('names the facts of loops, conditions and filters, and not its own variables', () => {
    const text = `{% assign who = customer.name %}{{ who | append: corp.name }}
      {% for tag in follow.tags %}{% if tag == time.hour %}{{ tag }}{% endif %}{% endfor %}{{ staf["name"] }}`
    expect(compileValue(text).names.sort()).toEqual(['corp', 'customer', 'follow', 'staf', 'time'])
  })

  it.each([
    ['an unclosed reference', '您好 {{ customer.name'],
    ['an unclosed tag', '{% if customer.name %}您好'],
    ['an unknown tag', '{% nothing %}'],
    ['an unknown filter', '您好 {{ customer.name | nothing }}'],
    ['a text over 20,000 characters', `{{ customer.name }}${'x'.repeat(20_000)}`],
  ])('with %s is refused before it runs', (_what, text) => {
    expect(() => compileValue({ text })).toThrow(TemplateError)
  })

  it.each(['/etc/hostname', 'package.json', '../package.json'])('cannot read the file %s', file => {
    for (const tag of ['include', 'render', 'layout']) {
      expect(() => fill(`{% ${tag} '${file}' %}x`)).toThrow()
    }
  })

  it('that would run for ever or fill the memory fails instead', () => {
    expect(() => fill('{% for i in (1..100000000) %}{{ i }}{% endfor %}')).toThrow(/memory alloc limit/)
    const nested = '{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}'
    expect(() => fill(nested)).toThrow(/(render|memory alloc) limit/)
  })
})

describe('a template that names a file', () => {
  it.each(['render', 'include'])('is refused as TemplateError, as compileValue says: %s', tag => {
    expect(() => compileValue(`{% ${tag} 'x' %}`)).toThrow(TemplateError)
  })
})
