//! Traditional characters as Simplified ones, for the characters that people use on the telephone and in a shop. One
//! character becomes one character; where a Traditional character has two readings the common one is taken.

/// Pairs of Traditional and Simplified, one after the other, in groups that are easy to check by eye.
const PAIRS: &str = "\
    個个們们來来這这會会為为時时說说過过對对發发經经後后開开學学國国從从動动現现點点當当還还長长兩两無无間间問问裡里裏里頭头關关實实應应與与種种樣样電电話话請请謝谢\
    訂订單单錢钱買买賣卖退退貨货換换費费帳账賬账號号碼码證证護护車车輛辆騎骑輪轮鏈链壞坏維维預预約约課课題题員员務务轉转線线機机網网絡络聯联繫系係系統统設设備备\
    嗎吗嗯嗯聽听讀读寫写講讲誰谁哪哪幾几萬万億亿歲岁週周號号鐘钟點点際际內内處处東东場场門门樓楼層层區区縣县鄉乡鎮镇衛卫廣广滬沪灣湾島岛陽阳陰阴風风雲云氣气溫温熱热\
    愛爱親亲媽妈爺爷孫孙姊姐兒儿婦妇歡欢樂乐樣样覺觉認认識识讓让給给紅红綠绿藍蓝黃黄銀银鐵铁鋼钢銅铜錯错鍵键鎖锁鏡镜針针釘钉鈴铃錄录影影視视觀观聲声響响頻频圖图畫画\
    書书報报紙纸筆笔記记詞词語语譯译調调論论議议許许計计訊讯訴诉試试詢询詳详該该誤误誠诚談谈諾诺謀谋證证評评警警讚赞變变貝贝負负財财貢贡貧贫責责貴贵貸贷貼贴賀贺資资賓宾\
    質质購购贈赠贏赢賺赚賠赔賴赖賽赛趕赶趙赵跡迹蹟迹躍跃軍军軟软較较載载輕轻輸输辦办農农運运進进遠远違违連连遲迟適适選选遺遗邊边郵邮鄰邻醫医釋释鐵铁銷销鋪铺錶表閉闭\
    閃闪閱阅闆板陳陈陸陆隊队階阶隨随險险隱隐難难雙双雜杂離离靈灵靜静韓韩頁页頂顶項项順顺須须領领頓顿額额顏颜願愿類类顧顾顯显飛飞飯饭飲饮飽饱餅饼餐餐館馆養养餓饿馬马\
    駕驾驗验驚惊騙骗髮发鬆松鬧闹魚鱼鮮鲜鳥鸟雞鸡鴨鸭鵝鹅麗丽麥麦麵面麼么黨党齊齐齒齿龍龙龜龟亂乱亞亚佔占倉仓偉伟側侧偵侦傑杰備备傷伤傳传債债傾倾僅仅價价儀仪優优儘尽\
    償偿儲储兇凶兌兑凍冻則则剛刚剝剥創创劃划劇剧劍剑勁劲勝胜勞劳勢势勵励勸劝匯汇區区協协卻却厭厌厲厉參参叢丛吳吴呂吕員员啟启喚唤喪丧喬乔單单嘗尝嚇吓嚐尝嚴严囑嘱園园圓圆\
    團团圍围報报執执堅坚塊块塗涂墊垫墳坟墜坠壓压壘垒壯壮壺壶壽寿夠够夢梦夾夹奪夺奮奋奧奥妝妆娛娱婁娄嬌娇孩孩寧宁審审寬宽寶宝將将專专尋寻導导屆届屬属岡冈岸岸嶺岭巖岩帥帅\
    師师帶带幣币幫帮幹干庫库庭庭廁厕廚厨廟庙廠厂廢废廳厅張张強强彈弹彙汇徑径復复徵征徹彻恆恒恥耻悅悦悶闷惡恶惱恼愛爱愧愧態态慘惨慚惭慣惯慶庆憂忧憐怜憑凭憶忆懇恳懶懒懷怀\
    懸悬戀恋戰战戲戏戶户拋抛挾挟捨舍掃扫掛挂採采揀拣揚扬損损搖摇搶抢摳抠撥拨撿捡擁拥擇择擊击擋挡擔担據据擠挤擬拟擴扩擺摆擾扰攔拦攜携攝摄敗败敵敌數数斃毙斷断於于旅旅晉晋\
    晝昼暈晕暢畅暫暂曆历曉晓曠旷書书朧胧條条棄弃棗枣棟栋棧栈棲栖業业極极楊杨構构槍枪槓杠標标樁桩樹树橋桥機机橫横檔档檢检檯台櫃柜欄栏權权歐欧歸归殘残殺杀毀毁氈毡氫氢決决\
    沒没沖冲況况洩泄淚泪淺浅渾浑湊凑湯汤準准溝沟滅灭滑滑滿满漁渔漢汉漲涨漸渐潔洁潛潜潤润澆浇濃浓濕湿濟济濤涛濱滨濾滤瀏浏災灾為为烏乌煙烟煩烦燈灯燒烧營营爐炉爭争爾尔牆墙\
    狀状狹狭獅狮獎奖獨独獲获獵猎瑪玛環环產产畢毕異异當当疊叠瘋疯療疗癢痒癮瘾皺皱盜盗盡尽監监盤盘盧卢眾众睏困瞭了矯矫硬硬碩硕確确礎础礙碍礦矿礫砾祕秘禍祸禮礼禪禅稅税稱称\
    穀谷積积穩稳窩窝窮穷竊窃競竞筍笋節节範范築筑簡简簽签籃篮籌筹籤签糧粮糾纠紀纪納纳純纯級级紛纷素素細细紹绍終终組组結结絕绝絲丝綁绑綜综綱纲緊紧緒绪緣缘編编緩缓練练縮缩\
    縱纵總总績绩織织繞绕繪绘繳缴繼继續续纏缠纖纤罰罚罷罢羅罗義义習习聖圣聞闻聰聪職职肅肃腦脑腫肿腳脚腸肠膚肤膠胶膽胆臉脸臨临臺台舉举舊旧艙舱艦舰艱艰艷艳莊庄華华萊莱葉叶\
    著着蓋盖蔣蒋蔥葱薑姜薦荐薩萨藥药蘇苏蘋苹蘭兰蘿萝虛虚虧亏蝦虾蝕蚀蟲虫蠟蜡術术衝冲補补裝装製制複复襪袜見见規规訓训託托訪访診诊詐诈詩诗誇夸謊谎謹谨豐丰貓猫賊贼賬账贊赞\
    躉趸軌轨軸轴輔辅輩辈輯辑轎轿辭辞遊游達达遷迁遞递遙遥鄧邓鄭郑醜丑醬酱釣钓鈔钞鈕钮鉛铅鋁铝鋒锋錦锦鍋锅鍛锻鎚锤鏽锈鐲镯鑰钥鑽钻閒闲閣阁閥阀闊阔闖闯隻只際际雖虽霧雾靂雳\
    頒颁頸颈顆颗颱台餘余餵喂駛驶騰腾驅驱驟骤體体鬥斗鬍胡鹽盐鹹咸黴霉齣出";

/// The Simplified form of a character, or the character itself.
pub fn simplify(c: char) -> char {
    // Traditional characters all lie in the unified block; everything else need not be looked up.
    if !('\u{4e00}'..='\u{9fff}').contains(&c) {
        return c;
    }
    let table = table();
    table.binary_search_by_key(&c, |(traditional, _)| *traditional).map_or(c, |at| table[at].1)
}

fn table() -> &'static [(char, char)] {
    static TABLE: std::sync::OnceLock<Vec<(char, char)>> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let characters: Vec<char> = PAIRS.chars().filter(|c| !c.is_whitespace()).collect();
        let mut pairs: Vec<(char, char)> =
            characters.chunks_exact(2).map(|pair| (pair[0], pair[1])).filter(|(t, s)| t != s).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    })
}

#[cfg(test)]
mod tests {
    use pinyin::ToPinyin;

    use super::*;

    #[test]
    fn the_two_characters_of_a_pair_sound_the_same() {
        let pairs = PAIRS.chars().filter(|c| !c.is_whitespace()).count();
        assert_eq!(pairs % 2, 0, "a character of the table lost its partner");
        let sound = |c: char| c.to_pinyin().map(|p| p.plain());
        let different: Vec<_> = table().iter().filter(|(t, s)| sound(*t) != sound(*s)).collect();
        // These differ in their commonest reading only.
        assert_eq!(different, [&('姊', '姐'), &('瞭', '了'), &('著', '着')]);
    }

    #[test]
    fn no_traditional_character_has_two_simplified_ones() {
        let mut table = table().to_vec();
        table.dedup_by_key(|(traditional, _)| *traditional);
        assert_eq!(table.len(), super::table().len());
    }

    #[test]
    fn traditional_text_becomes_simplified() {
        let simple: String = "請問我的訂單什麼時候到".chars().map(simplify).collect();
        assert_eq!(simple, "请问我的订单什么时候到");
    }
}
