"""JavaScript in float64, for the page: every tail exact, nothing but `Math` and the prelude below.

What works along an axis is looked at through one row; there every operation of this table runs over its elements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..language import OPERATIONS, Expr, substitute, symbol
from .limits import FAR, GROWN, SHRUNK, STEADY, STEP
from .spelling import Cell, Table, write
from .vector_numbers import DOUBLE, NUMBERS

_NUMBERS = NUMBERS[DOUBLE]


def _constant(value: float) -> str:
    text = {"inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value).removesuffix(".0"))
    return f"({text})" if text.startswith("-") else text


def _horner(coefficients: Sequence[float], at: str) -> str:
    text = _constant(coefficients[-1])
    for number in reversed(coefficients[:-1]):
        text = f"({text}*{at}+{_constant(number)})"
    return text


# What the cells call beyond Math. Phi(-r) and erf(r) are the rational approximations of the double-precision kernels.
PRELUDE = f"""\
const {{abs,sign,max,min,sqrt,exp,expm1,log,log1p,tanh,sinh,cosh,sin,cos,atan,asinh,pow,fround}}=Math;
// Math.hypot rounds four times, and is slow
const hypot=(a,b)=>{{const s=a*a+b*b;return s>1e-280&&s<1e300?sqrt(s):Math.hypot(a,b)}};
const damp=(a,b)=>a===0?a:a*b;
const hypotm1=a=>a/(hypot(a,1)+1)*a;
const ramp=(a,b)=>{{const n=hypot(a,b)/2,f=abs(a)/2;return a>0?n+f:b/2*(b/2/(n+f))}};
const sigmoid=a=>{{const e=exp(-abs(a));return(a>=0?1:e)/(1+e)}};
const sigmoid_slope=a=>{{const e=exp(-abs(a));return e/(1+e)/(1+e)}};
const tanh_slope=a=>4*sigmoid_slope(2*a);
const softplus=a=>max(a,0)+log1p(exp(-abs(a)));
const sech=a=>{{const e=exp(-abs(a));return 2*e/(1+e*e)}};
const log_cosh=a=>{{const r=abs(a);return r<1?log1p(2*sinh(r/2)**2):r+log1p(exp(-2*r))-Math.LN2}};
const softsign=a=>a/(1+abs(a));
// fround(r) has 24 bits, so its square is exact and a large r keeps its digits
const bell=r=>{{const h=fround(r);return exp(-.5*h*h)*exp(-.5*(r-h)*(r+h))}};
const root=sqrt(2*Math.PI);
const phi=a=>bell(min(abs(a),40))/root;
const tail=q=>{{const r=min(q,40),b={_horner(_NUMBERS.tail[1], "r")};
return bell(r)*b/({_horner(_NUMBERS.tail[0], "r")}+root*r*b)}};
const Phi=a=>a<0?tail(-a):1-tail(a);
const erf=a=>{{const r=abs(a),t=r*r;
return sign(a)*(r<{_NUMBERS.erf_end}?r*{_horner(_NUMBERS.erf_, "t")}:1-2*tail(r*Math.SQRT2))}};
// Newton from the side on which the concave function of each half lets it rise steadily
const probit=p=>{{if(!(p>0&&p<1))return NaN;const q=p-.5,low=abs(q)>.4,goal=low?min(p,1-p):abs(q);
let z=low?-sqrt(-2*log(goal)):goal*root;for(let k=0;k<12;k++)z+=low?(log(goal)-log(Phi(z)))*Phi(z)/phi(z)
:(goal-.5*erf(z/Math.SQRT2))/phi(z);return low?q<0?z:-z:q<0?-z:z}};
const bessel=(n,a)=>{{const r=abs(a);if(!(r<n+2)){{if(r===Infinity)return 0;let low=sin(a)/a,high=(low-cos(a))/a;
for(let k=1;k<n;k++)[low,high]=[high,(2*k+1)/a*high-low];return n?high:low}}
let term=a**n;for(let k=2*n+1;k>0;k-=2)term/=k;let sum=term;
for(let k=1;k<30;k++){{term*=-a*a/2/(k*(2*n+2*k+1));sum+=term}}return sum}};
// NaN gives NaN; where infinity says nothing, three places far out tell growth, rest and swinging apart
const limit=(f,x,p)=>{{const [a,b,c]=[0,1,2].map(k=>f(sign(x)*{_constant(FAR)}*{STEP}**k,p));
if(max(abs(a),abs(b))<{_constant(SHRUNK)})return 0;
if(abs(a)>{_constant(GROWN)}&&sign(a)===sign(b)&&(abs(a)===Infinity||abs(b/a-c/b)<={STEADY}*abs(b/a)))
return sign(a)*Infinity;
return a===b||abs(a-b)<=1e-9*abs(b)?a:NaN}};
const whole=f=>(x,p)=>{{if(x!==x)return x;const y=f(x,p);return y===y||abs(x)!==Infinity?y:limit(f,x,p)}};
const full=(...orders)=>orders.map(whole);
const part=(v,...rest)=>full(v,...rest.map(f=>(x,p)=>{{const y=v(x,p);return y===y?f(x,p):y}}));
"""

# What works along an axis, on arrays; a number stands for a row of equal ones.
ROW_PRELUDE = """\
const each=(f,...v)=>{const n=max(...v.map(a=>a.length||0));
return n?Array.from({length:n},(_,k)=>f(...v.map(a=>a.length?a[a.length>1?k:0]:a))):f(...v)};
const total=a=>[a.reduce((s,v)=>s+v,0)];
const mean=a=>[total(a)[0]/a.length];
const top=a=>max(...a);
const below=a=>{const m=top(a);return a.map(v=>v-(m===-Infinity?0:m))};
const log_softmax=a=>{const z=below(a),s=log(max(1,total(z.map(exp))[0]));return z.map(v=>v-s)};
const softmax=a=>log_softmax(a).map(exp);
const logsumexp=a=>{const m=top(a),k=abs(m)===Infinity?0:m;
return[m===-Infinity?m:k+log(total(a.map(v=>exp(v-k)))[0])]};
const scaled=a=>{const s=max(...a.map(abs))||1;return[a.map(v=>v/s),s]};
const rms=a=>{const [n,s]=scaled(a);return[s*sqrt(mean(n.map(v=>v*v))[0])]};
const unit=a=>{const [n]=scaled(a),l=sqrt(total(n.map(v=>v*v))[0])||1;return n.map(v=>v/l)};
const level=(low,high,rises)=>{for(let k=0;k<2100;k++){const m=low+(high-low)/2;
if(!(m>low&&m<high))break;if(rises(m))high=m;else low=m}return[low,high]};
const powers=(u,p)=>total(u.map(v=>max(v,0)**p))[0];
const excess=(p,a)=>{const z=below(a);let u,taking=z.map(()=>true);
if(p>=1){const [t]=level(-1,0,t=>powers(z.map(v=>v-t),p)<1);u=z.map(v=>v-t)}
else{const [w]=level(0,1,w=>powers(z.map(v=>v+w**(1/p)),p)>=1);
const least=min(...z.filter(v=>v>=-(w**(1/p))));taking=z.map(v=>v>=least);
const lifted=w=>z.map((v,i)=>taking[i]?v-least+w**(1/p):0);u=lifted(level(0,1,w=>powers(lifted(w),p)>=1)[0])}
for(let k=0;k<2;k++){const w=u.map(v=>v>0?v**(p-1):0);
const off=(total(u.map((v,i)=>v>0?v*w[i]:0))[0]-1)/(p*total(w)[0]);u=u.map((v,i)=>taking[i]?v-off:0)}
return u.map(v=>max(v,0))};
const share=(budget,a)=>{const z=below(a),room=min(budget,a.length);if(a.length<=budget)return z.map(()=>1);
const [low,high]=level(2*min(...z)-1,0,t=>total(z.map(v=>min(max(v-t,0),1)))[0]<room);
const full=z.map(v=>v-high>=1),inside=z.map((v,i)=>v>low&&!full[i]),n=max(inside.filter(v=>v).length,1);
const middle=total(z.map((v,i)=>inside[i]?v:0))[0]/n,rest=(room-full.filter(v=>v).length)/n;
return z.map((v,i)=>min(max(inside[i]?v-middle+rest:+full[i],0),1))};
const winners=(n,a)=>{const kept=a.map((v,i)=>i).sort((i,j)=>a[j]-a[i]||i-j).slice(0,n);
return a.map((v,i)=>+kept.includes(i))};
const blocks=(n,a)=>Array.from({length:a.length/n},(_,k)=>a.slice(k*n,k*n+n));
const block_winners=(n,a)=>blocks(n,a).flatMap(b=>winners(1,b));
const block_total=(n,a)=>blocks(n,a).map(b=>total(b)[0]);
const join=(a,b)=>[].concat(a,b);
const first=a=>a.length?a[0]:a;
const line=(...orders)=>orders.map(f=>(x,p)=>x===x?f(x,p):x);
"""

_CALLS = (
    *("damp", "hypot", "hypotm1", "ramp", "abs", "sign", "sqrt", "exp", "expm1", "log", "log1p", "sigmoid"),
    *("sigmoid_slope", "softplus", "tanh", "tanh_slope", "sinh", "cosh", "sech", "log_cosh", "softsign", "erf", "Phi"),
    *("phi", "probit", "sin", "cos", "atan", "asinh", "bessel"),
)


def _call(name: str) -> str:
    return f"{name}({','.join(f'{{{at}}}' for at in range(OPERATIONS[name].arity))})"


_POWERS = {"2": "{0}*{0}", "(-1)": "1/{0}"}


def _power(base: str, exponent: str) -> str:
    # a name or a number may be repeated; anything else would be computed twice
    if exponent in _POWERS and base.isalnum():
        return f"({_POWERS[exponent].format(base)})"
    return f"pow({base},{exponent})"


_CELLS: dict[str, Cell] = {
    **{name: _call(name) for name in _CALLS},
    "add": "({0}+{1})",
    "sub": "({0}-{1})",
    "mul": "({0}*{1})",
    "div": "({0}/{1})",
    "neg": "(-{0})",
    "power": _power,
    "maximum": "max({0},{1})",
    "minimum": "min({0},{1})",
    "where": "({0}?{1}:{2})",
    "lt": "({0}<{1})",
    "le": "({0}<={1})",
    "gt": "({0}>{1})",
    "ge": "({0}>={1})",
    "log_sigmoid": "(-softplus(-{0}))",
    "straight": "{0}",
}

_ROW_CELLS: dict[str, Cell] = {name: _call(name) for name, row in OPERATIONS.items() if row.along_axis}

TABLE = Table("javascript", {**_CELLS, **_ROW_CELLS}, _constant)


def _alone(name: str) -> str:
    """The operation as an arrow function of its operands."""
    operands = ("a", "b", "c")[: OPERATIONS[name].arity]
    cell = _CELLS[name]
    return f"({','.join(operands)})=>{cell.format(*operands) if isinstance(cell, str) else cell(*operands)}"


def _over_rows(name: str) -> Cell:
    """The same operation over the elements of rows."""
    return lambda *rows: f"each({_alone(name)},{','.join(rows)})"


# everything is a row there
ROW_TABLE = Table(
    "javascript", {**{name: _over_rows(name) for name in _CELLS}, "straight": "{0}", **_ROW_CELLS}, _constant
)


@dataclass(frozen=True)
class Formulas:
    """One function of the page: value, slope and curvature, and the names of the numbers it takes beside `x`, in order.

    others: of what works along an axis, the names among these that are the other scores of its row, in whose first
    score it is looked at; slope and curvature then hold the direction `t`. partial: whether the value is undefined
    somewhere, so that slope and curvature must be, too.
    """

    orders: tuple[Expr, ...]
    numbers: tuple[str, ...]
    others: tuple[str, ...] = ()
    partial: bool = False


def _function(formula: Expr, formulas: Formulas) -> str:
    """One order as an arrow function of the number x and the array p."""
    places = {name: f"p[{at}]" for at, name in enumerate(formulas.numbers)}
    table = TABLE
    if formulas.others:
        table, places = ROW_TABLE, {**places, "x": "r"}
    spelled = substitute(formula, {name: symbol(place) for name, place in places.items() if name in formula.symbols})
    *steps, last = (line.split(" = ", 1) for line in write(table, {"y": spelled}))
    result = last[1]
    if formulas.others:
        row = ",".join(("x", *(places[name] for name in formulas.others)))
        zeros = ",0" * len(formulas.others)
        steps = [["r", f"[{row}]"], ["t", f"[1{zeros}]"], *steps]
        result = f"first({result})"
    names = ",".join(f"{name}={text}" for name, text in steps)
    return f"(x,p)=>{{const {names};return {result}}}" if names else f"(x,p)=>{result}"


def functions(entries: Mapping[str, Formulas]) -> str:
    """A script that adds to `actlabFunctions`: name -> [value, slope, curvature], each of (x, p).

    It also sets `actlabOperations`: operation -> function of its operands, for all but those along an axis.
    """
    lines: list[str] = []
    for name, formulas in entries.items():
        orders = ",".join(_function(formula, formulas) for formula in formulas.orders)
        kind = "line" if formulas.others else "part" if formulas.partial else "full"
        lines.append(f"{name}:{kind}({orders}),\n")
    operations = "".join(f"{name}:{_alone(name)},\n" for name in _CELLS)
    found = f"actlabOperations:{{\n{operations}}},actlabFunctions:{{...globalThis.actlabFunctions,\n{''.join(lines)}}}"
    return f"Object.assign(globalThis,(()=>{{{PRELUDE}{ROW_PRELUDE}return{{{found}}}}})());\n"
