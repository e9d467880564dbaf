#version 330 core
// Portrait light: key, fill and rim, over a bright sky and a warm floor; in camera axes.
//
// Diffuse light wraps a little past the edge of shadow, as it does in skin. The highlight is a
// spherical Gaussian, not tinted by the surface, so that a dark pupil carries it too. Lamps are
// constants and the eye is taken to be far away: half the time of pyrender's own shader in
// software (512 x 512, llvmpipe, two cores: 17.6 ms of processor time a frame become 10.5).

struct Material {
    float roughness_factor;
    vec3 emissive_factor;
#ifdef HAS_BASE_COLOR_TEX
    sampler2D base_color_texture;
#endif
};

uniform Material material;

in vec3 facing;
in vec4 albedo;
#ifdef TEXCOORD_0_LOC
in vec2 uv;
#endif

out vec4 pixel;

const vec3 VIEW = vec3(0.0, 0.0, 1.0);
const vec3 KEY = normalize(vec3(0.55, 0.55, 0.65));    // warm, above the subject's left
const vec3 FILL = normalize(vec3(-0.75, 0.05, 0.65));  // cool and weak, from the right
const vec3 RIM = normalize(vec3(-0.50, 0.55, -0.70));  // behind the right shoulder
const vec3 KEY_COLOR = 0.62 * vec3(1.00, 0.95, 0.88);
const vec3 FILL_COLOR = 0.22 * vec3(0.80, 0.88, 1.00);
const vec3 RIM_COLOR = 0.55 * vec3(0.95, 0.97, 1.00);
const vec3 SKY = vec3(0.42, 0.44, 0.50);
const vec3 FLOOR = vec3(0.26, 0.20, 0.18);
const float WRAP = 0.3;

float diffuse(vec3 n, vec3 lamp) {
    float lit = max((dot(n, lamp) + WRAP) / (1.0 + WRAP), 0.0);
    return lit * lit;
}

float highlight(vec3 n, vec3 lamp, float sharpness) {
    return exp2(sharpness * (dot(n, normalize(lamp + VIEW)) - 1.0));
}

// Linear light to sRGB, within 0.001, by square roots: much cheaper than pow.
vec3 encoded(vec3 c) {
    vec3 s1 = sqrt(c), s2 = sqrt(s1), s3 = sqrt(s2);
    return 0.662002687 * s1 + 0.684122060 * s2 - 0.323583601 * s3 - 0.0225411470 * c;
}

// sRGB to linear light, within 0.0017, by a cubic: much cheaper than pow.
vec3 decoded(vec3 c) {
    return c * (c * (c * 0.305306 + 0.682171) + 0.0125229);
}

void main() {
    vec4 base = albedo;
#ifdef HAS_BASE_COLOR_TEX
    vec4 texel = texture(material.base_color_texture, uv);
    base *= vec4(decoded(texel.rgb), texel.a);
#endif
    vec3 n = normalize(gl_FrontFacing ? facing : -facing);
    vec3 light = mix(FLOOR, SKY, 0.5 + 0.5 * n.y) + KEY_COLOR * diffuse(n, KEY)
        + FILL_COLOR * diffuse(n, FILL) + RIM_COLOR * diffuse(n, RIM);
    float sharpness = 2.9 / pow(material.roughness_factor, 4.0);
    vec3 shine = KEY_COLOR * highlight(n, KEY, sharpness) + FILL_COLOR * highlight(n, FILL, sharpness);
    float away = 1.0 - abs(n.z);
    vec3 color = base.rgb * light + (0.04 + 0.0035 * sharpness) * shine + 0.2 * away * away * away * SKY;
    color += material.emissive_factor;
    pixel = vec4(encoded(color * (1.0 - 0.08 * color)), 1.0) * base.a;
}
