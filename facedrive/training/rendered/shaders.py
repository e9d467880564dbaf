"""The GLSL of ``scene.py``: how skin, eyes, lashes, mouth and hair answer light.

Each material is its own program: a software renderer runs every branch for every pixel, and
tests the depth before the shading only where a shader discards nothing.
"""

from __future__ import annotations

from typing import NamedTuple

SCENE_BLOCK = """
layout(std140) uniform Scene {
    mat4 model, projection;
    vec4 lights[3], light_colours[3], ambient, iris_colour, sclera_colour, hair_colour;
    float hair_length, lash_length, shine, wrap, iris_radius, pupil_radius, mouth_light;
};
"""
"""What is the same for all programs of a picture; ``scene.scene_block`` fills it."""

_INPUTS = f"""
layout(location=0) in vec3 position; layout(location=1) in vec3 normal;
layout(location=2) in vec2 uv; layout(location=3) in vec4 paint; layout(location=4) in vec4 eye;
layout(location=5) in vec3 rest; layout(location=6) in float hair;
{SCENE_BLOCK}
"""

_LIGHTING = """
struct Surface { float gloss, softness, power; };
struct Light { RGB matt, shiny; };
Light light_on(vec3 n, vec3 view, Surface s) {
    if (dot(n, view) < 0.0) n = -n;
    Light sum = Light(ambient.BANDS * (0.75 + 0.25 * n.y), RGB(0.0));
    float away = 1.0 - max(dot(n, view), 0.0);
    float fresnel = s.gloss * (0.35 + 0.65 * away * away * away);
    for (int i = 0; i < 3; ++i) {
        vec3 towards = lights[i].xyz;
        float lambert = max((dot(n, towards) + s.softness) / (1.0 + s.softness), 0.0);
        sum.matt += light_colours[i].BANDS * lambert;
        vec3 h = normalize(towards + view);
        sum.shiny += light_colours[i].BANDS * pow(max(dot(n, h), 0.0), s.power) * fresnel;
    }
    return sum;
}
"""

_PICTURE = """
vec4 picture(RGB c) { return vec4(vec3(pow(clamp(c, 0.0, 1.0), RGB(1.0 / 2.2))), 1.0); }
"""

_LIT_VERTEX = """
out vec2 texel; out RGB matt, shiny; out float bare;
void main() {
    vec4 world = model * vec4(position, 1.0);
    Surface s = surface();
    Light l = light_on(normalize(mat3(model) * normal), normalize(-world.xyz), s);
    matt = paint.BANDS * l.matt * shade(); shiny = l.shiny * paint.a;
    texel = uv; bare = 1.0 - min(eye.w, 1.0);
    gl_Position = projection * world;
}
"""
"""Skin and mouth are lit at their vertices, which lie a pixel or two apart."""

_SKIN_VERTEX = """
Surface surface() { return Surface(eye.w > 0.5 ? 0.0 : shine, wrap, 18.0); }
float shade() { return paint.a; }
"""

_MOUTH_VERTEX = """
Surface surface() {
    bool tooth = eye.w > 2.5;
    return Surface((tooth ? 0.2 : 0.12) * mouth_light, wrap, tooth ? 40.0 : 30.0);
}
float shade() { return paint.a * mouth_light; }
"""

_LIT = """
in vec2 texel; in RGB matt, shiny; in float bare;
uniform sampler2D skin;
out vec4 result;
"""

_SKIN = """
void main() {
    RGB detail = bare > 0.5 ? texture(skin, texel).BANDS : RGB(1.0);
    result = picture(matt * detail + shiny);
}
"""

_MOUTH = """
void main() { result = picture(matt + shiny); }
"""

_VERTEX = """
uniform float shell;
out vec3 point, facing, outward, strand; out vec2 texel; out vec4 colour, gaze_axis;
out float growth;
void main() {
    // Hair is drawn as shells around the scalp, each a little further along the combed normal.
    vec3 combed = normalize(normal + shell * vec3(0.25, 0.2, -0.55));
    vec4 world = model * vec4(position + combed * shell * hair * hair_length, 1.0);
    point = world.xyz; facing = mat3(model) * normal; outward = normal; strand = rest;
    texel = uv; colour = paint; gaze_axis = eye; growth = hair;
    gl_Position = projection * world;
}
"""

_FRAGMENT_HEAD = f"""
in vec3 point, facing, outward, strand; in vec2 texel; in vec4 colour, gaze_axis;
in float growth;
{SCENE_BLOCK}
uniform float shell;
out vec4 result;
"""

_FRAGMENT_TAIL = """
void main() {
    RGB albedo;
    Surface s = surface(albedo);
    Light l = light_on(normalize(facing), normalize(-point), s);
    result = picture((albedo * l.matt + l.shiny) * colour.a);
}
"""

_EYE = """
float grain(float angle) {
    return 0.5 + 0.25 * sin(angle * 23.0) + 0.15 * sin(angle * 41.0 + 1.3)
        + 0.1 * sin(angle * 67.0);
}
RGB eyeball(vec3 axis) {
    vec3 d = normalize(axis);
    float r = length(d.xy) / max(iris_radius, 1e-3);
    if (d.z < 0.0) r = 9.0;
    float pupil = pupil_radius / iris_radius;
    float spokes = grain(atan(d.y, d.x)) * smoothstep(1.0, 0.35, r);
    RGB ring = iris_colour.BANDS * (0.55 + 0.75 * spokes);
    ring *= mix(1.0, 0.35, smoothstep(0.72, 1.0, r));
    RGB c = mix(RGB(0.012), ring, smoothstep(pupil - 0.07, pupil + 0.05, r));
    return mix(c, sclera_colour.BANDS, smoothstep(0.93, 1.07, r));
}
Surface surface(out RGB albedo) {
    albedo = eyeball(gaze_axis.xyz);
    // The lids and the corners of the eye keep light off the eyeball.
    albedo *= 1.0 - 0.6 * smoothstep(0.0, 0.5, outward.y);
    albedo *= 1.0 - 0.45 * smoothstep(0.35, 0.75, abs(outward.x));
    return Surface(0.9, 0.3, 160.0);
}
"""

_LASH = """
Surface surface(out RGB albedo) {
    albedo = colour.BANDS;
    float reach = gaze_axis.x * (texel.y < 0.52 ? 2.6 : 1.0);  // the lower lid's are short
    float hair = fract(texel.x * 75.0);
    float length = lash_length * (0.55 + 0.45 * sin(texel.x * 391.0));
    if (reach > length || abs(hair - 0.5) > 0.5 - 0.4 * reach / length) discard;
    return Surface(0.0, wrap, 18.0);
}
"""

_HAIR = """
float hash(vec2 cell) { return fract(sin(dot(cell, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
    vec2 cell = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    float low = mix(hash(cell), hash(cell + vec2(1, 0)), f.x);
    return mix(low, mix(hash(cell + vec2(0, 1)), hash(cell + vec2(1, 1)), f.x), f.y);
}
Surface surface(out RGB albedo) {
    // Across the strands: angle around an axis from ear to ear; along them it hardly changes.
    vec3 p = strand - vec3(0.0, 3.0, 0.0);
    vec2 across = vec2(p.x * 1.6 + 0.12 * p.z, atan(p.y, p.z) * 1.3);
    float lock = noise(across * vec2(2.2, 1.0)), fine = noise(across * vec2(14.0, 2.0));
    if (shell > (0.35 + 0.4 * lock + 0.45 * fine) * smoothstep(0.0, 0.35, growth)) discard;
    albedo = hair_colour.BANDS * (0.3 + 0.7 * shell) * (0.6 + 0.5 * fine + 0.3 * lock);
    return Surface(0.1 * shell, wrap, 12.0);
}
"""


COLOURED = "#version 330 core\n#define RGB vec3\n#define BANDS rgb\n"
GREY = "#version 330 core\n#define RGB float\n#define BANDS g\n"
"""What every shader begins with; in ``GREY`` one band is drawn in place of three that are alike."""


class Shader(NamedTuple):
    """The two halves of a program."""

    vertex: str
    fragment: str


def _lit_at_vertices(surface: str, fragment: str) -> Shader:
    vertex = _INPUTS + _LIGHTING + surface + _LIT_VERTEX
    return Shader(vertex, _LIT + _PICTURE + fragment)


def _lit_at_pixels(surface: str) -> Shader:
    fragment = _FRAGMENT_HEAD + _LIGHTING + _PICTURE + surface + _FRAGMENT_TAIL
    return Shader(_INPUTS + _VERTEX, fragment)


SHADERS: dict[str, Shader] = {
    "skin": _lit_at_vertices(_SKIN_VERTEX, _SKIN),
    "eye": _lit_at_pixels(_EYE),
    "mouth": _lit_at_vertices(_MOUTH_VERTEX, _MOUTH),
    "lash": _lit_at_pixels(_LASH),
    "hair": _lit_at_pixels(_HAIR),
}
"""In drawing order: what hides others first."""
