// The article's idea: an addon in C++ (bench/native/node/article_addon.cpp) behind node.
import { load, serve } from "./server.mjs";

const { convert } = load();

serve(convert);
