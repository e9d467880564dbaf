"""The GLSL of ``scene.py``: how skin, eyes, lashes and the mouth answer light."""

VERTEX_SHADER = """
#version 330 core
layout(location=0) in vec3 position; layout(location=1) in vec3 normal;
layout(location=2) in vec2 uv; layout(location=3) in vec4 paint; layout(location=4) in vec4 eye;
layout(location=5) in vec3 rest; layout(location=6) in float hair;
uniform mat4 model, projection;
uniform float shell, hair_length;
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

FRAGMENT_SHADER = """
#version 330 core
in vec3 point, facing, outward, strand; in vec2 texel; in vec4 colour, gaze_axis;
in float growth;
uniform sampler2D skin;
uniform vec3 lights[3], light_colours[3], ambient, iris_colour, sclera_colour;
uniform vec3 hair_colour;
uniform float shell, mouth_light, lash_length, shine, wrap, iris_radius, pupil_radius;
out vec4 result;

float hash(vec2 cell) { return fract(sin(dot(cell, vec2(127.1, 311.7))) * 43758.5453); }
float noise(vec2 p) {
    vec2 cell = floor(p), f = fract(p);
    f = f * f * (3.0 - 2.0 * f);
    float low = mix(hash(cell), hash(cell + vec2(1, 0)), f.x);
    return mix(low, mix(hash(cell + vec2(0, 1)), hash(cell + vec2(1, 1)), f.x), f.y);
}
vec3 hair() {
    // Across the strands: angle around an axis from ear to ear; along them it hardly changes.
    vec3 p = strand - vec3(0.0, 3.0, 0.0);
    vec2 across = vec2(p.x * 1.6 + 0.12 * p.z, atan(p.y, p.z) * 1.3);
    float lock = noise(across * vec2(2.2, 1.0)), fine = noise(across * vec2(14.0, 2.0));
    if (shell > (0.35 + 0.4 * lock + 0.45 * fine) * smoothstep(0.0, 0.35, growth)) discard;
    return hair_colour * (0.3 + 0.7 * shell) * (0.6 + 0.5 * fine + 0.3 * lock);
}
float grain(float angle) {
    return 0.5 + 0.25 * sin(angle * 23.0) + 0.15 * sin(angle * 41.0 + 1.3)
        + 0.1 * sin(angle * 67.0);
}
vec3 eyeball(vec3 axis) {
    vec3 d = normalize(axis);
    float r = length(d.xy) / max(iris_radius, 1e-3);
    if (d.z < 0.0) r = 9.0;
    float pupil = pupil_radius / iris_radius;
    vec3 ring = iris_colour * (0.55 + 0.75 * grain(atan(d.y, d.x)) * smoothstep(1.0, 0.35, r));
    ring *= mix(1.0, 0.35, smoothstep(0.72, 1.0, r));
    vec3 c = mix(vec3(0.012), ring, smoothstep(pupil - 0.07, pupil + 0.05, r));
    return mix(c, sclera_colour, smoothstep(0.93, 1.07, r));
}
void main() {
    int kind = int(gaze_axis.w + 0.5);
    vec3 n = normalize(facing), view = normalize(-point);
    if (dot(n, view) < 0.0) n = -n;
    vec3 albedo = colour.rgb;
    float gloss = shine, softness = wrap, power = 18.0;
    if (kind == 0 && shell == 0.0) albedo *= texture(skin, texel).rgb;
    if (kind == 4) { albedo = eyeball(gaze_axis.xyz); gloss = 0.9; softness = 0.3; power = 160.0;
        // The lids and the corners of the eye keep light off the eyeball.
        albedo *= 1.0 - 0.6 * smoothstep(0.0, 0.5, outward.y);
        albedo *= 1.0 - 0.45 * smoothstep(0.35, 0.75, abs(outward.x));
    }
    if (kind == 3) { gloss = 0.2 * mouth_light; power = 40.0; }
    if (kind == 2) { gloss = 0.12 * mouth_light; power = 30.0; }
    if (kind == 5) {
        float reach = gaze_axis.x * (texel.y < 0.52 ? 2.6 : 1.0);  // the lower lid's are short
        float strand = fract(texel.x * 75.0);
        float length = lash_length * (0.55 + 0.45 * sin(texel.x * 391.0));
        if (reach > length || abs(strand - 0.5) > 0.5 - 0.4 * reach / length) discard;
    }
    if (kind == 5 || kind == 1) gloss = 0.0;
    if (shell > 0.0) { albedo = hair(); gloss = 0.1 * shell; power = 12.0; }
    vec3 light = ambient * (0.75 + 0.25 * n.y), spec = vec3(0.0);
    for (int i = 0; i < 3; ++i) {
        float lambert = max((dot(n, lights[i]) + softness) / (1.0 + softness), 0.0);
        light += light_colours[i] * lambert;
        vec3 h = normalize(lights[i] + view);
        float fresnel = 0.35 + 0.65 * pow(1.0 - max(dot(n, view), 0.0), 3.0);
        spec += light_colours[i] * pow(max(dot(n, h), 0.0), power) * gloss * fresnel;
    }
    if (kind == 2 || kind == 3) albedo *= mouth_light;
    vec3 c = (albedo * light + spec) * colour.a;
    result = vec4(pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}
"""
