"""Expressions: what they say, what is wrong with them, and what they may cost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.apimachinery.cel import Budget, CelError, CostExceeded, EvaluationError, WrongType, compile
from kobune.apimachinery.cel import types as t
from kobune.apimachinery.cel.escaping import escape
from kobune.apimachinery.cel.values import LOWEST
from kobune.apiserver.cel.mutations import Structs, patch_type

SELF = t.object_of("self", {"a": t.INT, "d": t.DURATION, "f": t.DOUBLE, "x__dash__y": t.STRING}, {"x__dash__y": "x-y"})
VARIABLES = {
    "n": t.INT,
    "s": t.STRING,
    "b": t.BOOL,
    "l": t.list_of(t.STRING),
    "m": t.map_of(t.STRING, t.INT),
    "object": t.DYN,
    "self": SELF,
}
VALUES: dict[str, Any] = {
    "n": 5,
    "s": "hello",
    "b": True,
    "l": ["a", "b"],
    "m": {"k": 1},
    "object": {"spec": {"a": 1, "none": None, "half": 0.5}},
    "self": {"a": 1, "d": "30s", "f": 2, "x-y": "z"},
}


def evaluate(expression: str, budget: Budget | None = None) -> Any:
    return compile(expression, VARIABLES).evaluate(VALUES, budget or Budget())


TRUE = """
n + 1 == 6 && -n == -5 && 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1
s.startsWith('he') && s.endsWith('lo') && s.contains('ell') && s.size() == 5 && size(l) == 2
self.d < duration('1m') && self.f / 4.0 == 0.5 && self.x__dash__y == 'z'
l.all(e, e < 'c') && l.exists(e, e == 'b') && l.exists_one(e, e == 'a') && l.map(e, e + e) == ['aa', 'bb']
l.map(e, e != 'a', e + '!') == ['b!'] && l.filter(e, e > 'a') == ['b']
m.all(k, m[k] == 1) && m.exists(k, v, k == 'k' && v == 1) && 'k' in m && !('q' in m)
l.transformList(i, v, '%d%s'.format([i, v])) == ['0a', '1b'] && l.transformMap(i, v, v)[1] == 'b'
has(object.spec.a) && !has(object.spec.z) && object.spec.none == null && object.spec.half < 1
object.?spec.?z.orValue(7) == 7 && object.?spec.?a.hasValue() && [?object.?z, object.spec.a] == [1]
optional.of(5).optMap(v, v * 2).value() == 10 && optional.none().or(optional.of(1)).value() == 1
dyn(1) == 1.0 && dyn(1) != true && 1 < 1.5 && 1u < 2 && type(1) == int && type(l) == list
b ? n == 5 : 1 / 0 == 0
false && 1 / 0 == 0 || true
(1 / 0 == 0 || true) && !(1 / 0 == 0 && false)
[1, 2].exists(x, 4 / (x - 1) == 4)
s.matches('^h.*o$') && s.find('l+') == 'll' && 'a1b22'.findAll('[0-9]+') == ['1', '22']
'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && s.substring(1, 3) == 'el' && s.charAt(0) == 'h'
' x '.trim() == 'x' && 'aXa'.lowerAscii() == 'axa' && s.replace('l', 'L', 1) == 'heLlo' && s.lastIndexOf('l') == 3
[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [3, 1].max() == 3 && [1, 2].isSorted() && [1, 2].indexOf(2) == 1
sets.contains([1, 2], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])
quantity('1Gi').isGreaterThan(quantity('1000M')) && quantity('50m').add(quantity('950m')).asInteger() == 1
isQuantity('1Ki') && !isQuantity('1Kx') && quantity('-1').sign() == -1
url('https://user@[::1]:80/a?b=c&b=d').getHostname() == '::1' && url('/a').getScheme() == '' && !isURL('::')
url('https://h:80/a?b=c&b=d').getQuery()['b'] == ['c', 'd'] && url('https://h:80/').getPort() == '80'
ip('10.0.0.1').family() == 4 && isIP('::1') && ip('127.0.0.1').isLoopback() && ip.isCanonical('::1')
cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !isCIDR('10.0.0.0')
!format.dns1123Label().validate('a-b').hasValue() && format.named('uuid').value().validate('x').hasValue()
semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-a').isLessThan(semver('1.0.0')) && !isSemver('1.2')
timestamp('2025-01-02T03:04:05Z').getMonth() == 0 && timestamp('2025-01-02T23:00:00Z').getDate('+02:00') == 3
timestamp('2025-01-02T03:04:05Z') - duration('5s') == timestamp('2025-01-02T03:04:00Z')
duration('90m').getHours() == 1
string(duration('1m')) == '60s' && int('7') == 7 && double('1.5') == 1.5 && string(1.0) == '1' && bool('true')
math.greatest(1, 3, 2) == 3 && math.least([2, 1]) == 1 && '\\u00e4' == 'ä' && r'\\d' == '\\\\d' && b'a' == bytes('a')
"%s %d %.2f %x %%".format(["a", 1, 1.5, 255]) == "a 1 1.50 ff %"
""".strip().splitlines()


@pytest.mark.parametrize("expression", TRUE)
def test_an_expression_says_what_it_means(expression: str) -> None:
    assert evaluate(expression) is True


START = (
    "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
)
WRONG = [
    ("object.spec +", 14, f"Syntax error: mismatched input '<EOF>' {START}IDENTIFIER}}"),
    ("device.", 8, "Syntax error: no viable alternative at input '.'"),
    ("n n", 3, "Syntax error: extraneous input 'n' expecting <EOF>"),
    ("(n", 3, "Syntax error: missing ')' at '<EOF>'"),
    ("[1 2]", 4, "Syntax error: extraneous input '2' expecting {']', ','}"),
    ("b ? n", 6, "Syntax error: mismatched input '<EOF>' expecting ':'"),
    ("n @ 1", 3, "Syntax error: token recognition error at: '@'"),
    ("for", 1, "reserved identifier: for"),
    ("y", 1, "undeclared reference to 'y' (in container '')"),
    ("nope(1)", 5, "undeclared reference to 'nope' (in container '')"),
    ("self.b > 1", 5, "undefined field 'b'"),
    ("s.b", 2, "type 'string' does not support field selection"),
    ("n + s", 3, "found no matching overload for '_+_' applied to '(int, string)'"),
    ("s.startsWith(1)", 13, "found no matching overload for 'startsWith' applied to 'string.(int)'"),
    ("s == null", 3, "found no matching overload for '_==_' applied to '(string, null)'"),
    ("b ? 1 : 'a'", 3, "found no matching overload for '_?_:_' applied to '(bool, int, string)'"),
    ("b && n", 3, "found no matching overload for '_&&_' applied to '(bool, int)'"),
    (
        "n.all(e, true)",
        1,
        "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ),
    ("[1].all(1, true)", 9, "argument must be a simple name"),
    ("has(n)", 5, "invalid argument to has() macro"),
    ("[1, 'a']", 5, "expected type 'int' but found 'string'"),
    ("s.matches('[')", 11, "invalid matches argument"),
    ("99999999999999999999", 1, "invalid int literal"),
]


@pytest.mark.parametrize(("expression", "column", "words"), WRONG)
def test_what_is_no_expression_is_said_with_its_place(expression: str, column: int, words: str) -> None:
    with pytest.raises(CelError) as raised:
        compile(expression, VARIABLES)
    assert str(raised.value).split("\nERROR")[0] == (
        f"ERROR: <input>:1:{column}: {words}\n | {expression}\n | {'.' * (column - 1)}^"
    )


FAILS = {
    "object.spec.z == 1": "no such key: z",
    "object.z.y == 1": "no such key: z",
    "m['z'] == 1": "no such key: z",
    "l[5] == 'a'": "index out of bounds: 5",
    "1 / 0 == 1": "division by zero",
    "1 % 0 == 1": "modulus by zero",
    "9223372036854775807 + n > 0": "integer overflow",
    "object.spec.a + 's' == 's'": "no such overload",
    "quantity(s).isInteger()": "quantities must match the regular expression "
    "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    "l.filter(e, e == 'z').min() == 'a'": "min called on empty list",
}


@pytest.mark.parametrize(("expression", "words"), FAILS.items())
def test_what_cannot_be_evaluated_is_said_in_kubernetes_words(expression: str, words: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        evaluate(expression)
    assert str(raised.value) == words


def test_a_result_must_be_of_the_wanted_type() -> None:
    with pytest.raises(WrongType, match=r"^must evaluate to bool$"):
        compile("n", VARIABLES, t.BOOL)
    with pytest.raises(WrongType, match=r"^must evaluate to bool$"):
        compile("object.spec.a", VARIABLES, t.BOOL)
    with pytest.raises(WrongType, match=r"^must evaluate to one of \[string null_type\]$"):
        compile("n", VARIABLES, (t.STRING, t.NULL))


def test_work_is_bounded_however_an_expression_is_nested() -> None:
    program = compile("l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d != ''))))", VARIABLES)
    budget = Budget(10_000)
    with pytest.raises(CostExceeded, match="operation cancelled: actual cost limit exceeded"):
        program.evaluate({"l": ["x"] * 1000}, budget)
    assert budget.left == 0


def test_a_budget_is_shared_by_expressions() -> None:
    budget = Budget(1000)
    evaluate("l.all(e, e != '')", budget)
    spent = 1000 - budget.left
    evaluate("l.all(e, e != '')", budget)
    assert 0 < spent == 1000 - spent - budget.left


@pytest.mark.parametrize(
    "text", ["(" * 500 + "n" + ")" * 500, "-" * 99 + "n" * 1 + "[" * 300, "n" + "+n" * 5000, "!" * 5000]
)
def test_nesting_without_end_is_refused_and_not_a_crash(text: str) -> None:
    with pytest.raises(CelError):
        compile(text, VARIABLES)


def test_long_chains_of_conditions_are_no_nesting() -> None:
    assert evaluate(" && ".join(["b"] * 2000)) is True


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_time() -> None:
    assert compile("s.matches('^(a+)+$')", VARIABLES).evaluate({"s": "a" * 5000 + "b"}, Budget(10**9), 10**9) is False


def test_only_what_an_expression_looks_at_has_to_be_given() -> None:
    program = compile("n > 1", VARIABLES)
    assert program.variables == ("n",)
    assert program.evaluate({"n": 2}, Budget()) is True


def test_literals_of_objects_make_objects() -> None:
    structs = Structs()
    text = "Object{metadata: Object.metadata{labels: Object.metadata.labels{a: s}}, ?spec: optional.none()}"
    made = compile(text, VARIABLES, patch_type("ApplyConfiguration"), structs=structs)
    assert made.evaluate(VALUES, Budget()) == {"metadata": {"labels": {"a": "hello"}}}
    text = "[JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('x/y'), value: 1}]"
    patch = compile(text, VARIABLES, patch_type("JSONPatch"), structs=structs)
    assert patch.evaluate(VALUES, Budget()) == [{"op": "add", "path": "/a/x~1y", "value": 1}]


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_a_proper_error(text: str) -> None:
    try:
        program = compile(text, VARIABLES)
    except CelError as error:
        assert str(error).startswith("ERROR: <input>:")
        return
    try:
        program.evaluate(VALUES, Budget())
    except EvaluationError as failure:
        assert str(failure)


TOKENS = [
    "n",
    "s",
    "l",
    "m",
    "self.a",
    "object",
    "1",
    "2.5",
    "'x'",
    "true",
    "null",
    "+",
    "-",
    "*",
    "/",
    "==",
    "<",
    "&&",
]
TOKENS += ["||", "!", "(", ")", "[", "]", ".size()", "in", "?", ":", ".all(e, e == e)", ".map(e, e)", ",", "size("]


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9))
def test_what_looks_like_an_expression_never_crashes(tokens: list[str]) -> None:
    try:
        compile(" ".join(tokens), VARIABLES).evaluate(VALUES, Budget())
    except (CelError, EvaluationError) as error:
        assert str(error)


INTS = st.integers(LOWEST, 2**63 - 1)


@given(INTS, INTS)
def test_whole_numbers_are_exact_or_overflow(one: int, other: int) -> None:
    for sign, exact in (("+", one + other), ("-", one - other), ("*", one * other)):
        program = compile(f"x {sign} y", {"x": t.INT, "y": t.INT})
        if -(2**63) <= exact < 2**63:
            assert program.evaluate({"x": one, "y": other}, Budget()) == exact
        else:
            with pytest.raises(EvaluationError, match="integer overflow"):
                program.evaluate({"x": one, "y": other}, Budget())


@given(st.text(), st.text())
def test_texts_in_quotes_come_back(text: str, other: str) -> None:
    program = compile(
        "[x, y].join(',') == x + ',' + y && strings.quote(x).startsWith('\"')", {"x": t.STRING, "y": t.STRING}
    )
    assert program.evaluate({"x": text, "y": other}, Budget()) is True


@given(st.from_regex(r"[a-zA-Z_./-][a-zA-Z0-9_./-]{0,20}", fullmatch=True))
def test_every_field_has_a_name_of_its_own_in_expressions(name: str) -> None:
    escaped = escape(name)
    assert escaped is not None
    type = t.object_of("o", {escaped: t.STRING}, {escaped: name})
    assert compile(f"self.{escaped} == 'v'", {"self": type}).evaluate({"self": {name: "v"}}, Budget()) is True
